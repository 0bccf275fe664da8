import base64
import json

import pytest

from istio_ingress.live import envoy
from istio_ingress.live.errors import LiveError

LOG = "2026-11-23T01:56:55.358504Z\twarn\tOS CA Cert could not be found for agent\n"


def test_a_recorded_dump_gives_certificates_and_names(patient):
    read = envoy.read(patient.dump())
    assert read.names == {"httpbin.example.com", "helloworld.example.com", "mutual.example.com", "nginx.example.com"}
    assert read.secrets["httpbin-credential"] == base64.b64decode(patient.given["httpbin-credential"]["tls.crt"])
    assert read.secrets["mutual-credential-cacert"] == patient.authority.certificate.encode()
    assert (read.warming, read.refused) == (frozenset(), ())


def test_the_agents_own_log_lines_are_skipped(patient):
    assert envoy.read(LOG + patient.dump()) == envoy.read(patient.dump())


def test_what_it_waits_for_and_what_it_refused():
    dump = {
        "configs": [
            {
                "@type": "type.googleapis.com/envoy.admin.v3.SecretsConfigDump",
                "dynamic_warming_secrets": [{"name": "kubernetes://late", "secret": {}}],
            },
            {
                "@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                "dynamic_listeners": [{"name": "0.0.0.0_8443", "error_state": {"details": "no such cipher"}}],
            },
        ]
    }
    read = envoy.read(json.dumps(dump))
    assert (read.warming, read.refused, read.secrets) == ({"late"}, ("0.0.0.0_8443: no such cipher",), {})


@pytest.mark.parametrize("text", ["", LOG, "{}", "{", "[]"])
def test_anything_else_is_a_sentence(text):
    with pytest.raises(LiveError, match="did not answer with Envoy's config dump"):
        envoy.read(text)
