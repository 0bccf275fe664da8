"""The lab's Envoy, asked without a cluster whether it loads certificates, keys, CA bundles and revocation lists."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from istio_ingress.x509 import BUNDLE, CHAIN, KEY, REVOCATION_LISTS
from lab import settings
from lab.parts import wheels
from lab.parts.catalog import load
from tests.unit.x509.spellings import LEAF, MIDDLE, ROOT

_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"


@dataclass(frozen=True)
class Envoy:
    """The binary that the lab's gateway runs, and a directory for its configuration."""

    binary: Path
    directory: Path

    @classmethod
    def of_the_lab(cls, directory):
        part = wheels.build(load().wheels["envoy"], settings.from_environment().cache, directory / "wheel.log")
        return cls(part / "envoy", directory)

    def loads(self, kind, text, number=0):
        """Whether it takes a listener with this text in the place of that kind, and all else as it should be."""
        good = {CHAIN: LEAF.certificate + MIDDLE.certificate, KEY: LEAF.key, BUNDLE: ROOT.certificate}
        given = {**good, kind: text}
        trust = {"trusted_ca": _inline(given[BUNDLE])}
        if kind is REVOCATION_LISTS:
            trust["crl"] = _inline(text)
        served = {"certificate_chain": _inline(given[CHAIN]), "private_key": _inline(given[KEY])}
        file = self.directory / f"{number}.json"
        file.write_text(json.dumps(_bootstrap({"tls_certificates": [served], "validation_context": trust})))
        options = ["--mode", "validate", "--log-level", "error", "--concurrency", "1", "--disable-hot-restart"]
        done = subprocess.run(
            [self.binary, *options, "-c", file], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0 or "Failed to load" in done.stderr or "does not match" in done.stderr, done.stderr
        return done.returncode == 0


def _inline(text):
    return {"inline_bytes": base64.b64encode(text.encode()).decode()}


def _bootstrap(tls):
    socket = {"name": "tls", "typed_config": {"@type": _TLS, "common_tls_context": tls}}
    address = {"socket_address": {"address": "127.0.0.1", "port_value": 0}}
    listener = {"name": "tls", "address": address, "filter_chains": [{"transport_socket": socket, "filters": []}]}
    return {"static_resources": {"listeners": [listener]}}
