"""The three formats of a gateway's credential: each one serves, and holds what Istio's pages say it holds."""

import json

import pytest

from istio_ingress import SecretFormat
from istio_ingress.live.client import Identity
from tests.e2e.conftest import eventually, kubectl
from tests.unit.certificates import Authority

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, HttpbinIngress, MutualTlsGateway, SecretFormat, TlsGateway

config = pulumi.Config()
namespace = config.require("namespace")
authority = CertificateAuthority(config.require("authority"), {})
httpbin = HttpbinIngress("httpbin", {
    "namespace": namespace,
    "hosts": [f"httpbin.{namespace}.example.com"],
    "workload": {"image": "lab.local/go-httpbin:1"},
})


def settings(name, format, **host):
    backend = {"service": httpbin.service, "port": httpbin.service_port}
    hosts = [{"host": f"{name}.{namespace}.example.com", "name": name, "backend": backend, **host}]
    return {"namespace": namespace, "authority": authority.issuer, "secret_format": format, "hosts": hosts}


trust = {"client_ca": config.require("client_ca")}
revoking = trust | {"crl": config.require("crl")}
names = {}
for format in SecretFormat:
    made = [
        TlsGateway(f"simple-{format.value}", settings(f"simple-{format.value}", format)),
        MutualTlsGateway(f"mutual-{format.value}", settings(f"mutual-{format.value}", format) | trust),
        MutualTlsGateway(f"revoking-{format.value}", settings(f"revoking-{format.value}", format) | revoking),
        MutualTlsGateway(
            f"fixed-{format.value}",
            settings(f"fixed-{format.value}", format, credential_name=f"{namespace}-{format.value}") | trust,
        ),
    ]
    names[format.value] = pulumi.Output.all(*(gateway.credentials for gateway in made)).apply(
        lambda all: {key: name for names in all for key, name in names.items()}
    )

pulumi.export("ca", authority.bundle)
pulumi.export("names", names)
"""
CLIENTS, STRANGERS = Authority("clients"), Authority("strangers")
GOOD, LOST = CLIENTS.issue("good"), CLIENTS.issue("lost")
STRANGER = STRANGERS.issue("stranger")

FORMATS = [each.value for each in SecretFormat]
OWN = {"tls": {"tls.key", "tls.crt"}, "generic": {"key", "cert"}, "separate-ca": {"key", "cert"}}
CA = {"tls": {"ca.crt"}, "generic": {"cacert"}, "separate-ca": {"cacert"}}
CRL = {"tls": {"ca.crl"}, "generic": {"crl"}, "separate-ca": {"crl"}}


def credentials(name):
    """What the gateway's namespace holds for a credential: the keys by Secret."""
    secrets = json.loads(kubectl("get", "secrets", "--namespace", "istio-system", "--output=json"))["items"]
    return {
        secret["metadata"]["name"]: set(secret["data"])
        for secret in secrets
        if secret["metadata"]["name"] in (name, f"{name}-cacert")
    }


class Formats:
    """The stack's gateways, asked by what they do and by the format of their credential."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace
        crl = CLIENTS.revocations(LOST)
        self.outputs = stack.up(namespace=namespace, authority="first", client_ca=CLIENTS.certificate, crl=crl)

    def credential(self, purpose, form):
        return self.outputs["names"][form][f"{purpose}-{form}"]

    def ask(self, purpose, form, pair=None, ca=None):
        host = f"{purpose}-{form}.{self.namespace}.example.com"
        identity = Identity(pair.certificate, pair.key) if pair else None
        return self.requests.https(host, "/status/418", ca=ca or self.outputs["ca"], identity=identity)

    def let_in(self, purpose, form, pair=None):
        """The answer, once it is the teapot."""
        return eventually(lambda: self.ask(purpose, form, pair), lambda answer: answer.status == 418)


@pytest.fixture(scope="module")
def formats(new_stack, requests, namespace):
    return Formats(new_stack(PROGRAM), requests, namespace)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_serves_tls_with_exactly_a_key_and_a_certificate(formats, form):
    assert formats.let_in("simple", form)
    name = formats.credential("simple", form)
    assert credentials(name) == {name: OWN[form]}


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_verifies_clients(formats, form):
    assert formats.let_in("mutual", form, GOOD)
    assert formats.ask("mutual", form).refused
    assert formats.ask("mutual", form, STRANGER).refused


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_holds_the_clients_authority_where_it_says(formats, form):
    name = formats.credential("mutual", form)
    assert credentials(name) == with_trust(name, form, CA[form])


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_refuses_revoked_clients(formats, form):
    name = formats.credential("revoking", form)
    assert credentials(name) == with_trust(name, form, CA[form] | CRL[form])
    assert formats.let_in("revoking", form, GOOD)
    assert formats.ask("revoking", form, LOST).refused
    assert formats.let_in("mutual", form, LOST)


@pytest.mark.parametrize("form", FORMATS)
def test_a_fixed_name_is_the_credentials_name(formats, form):
    name = f"{formats.namespace}-{form}"
    assert formats.credential("fixed", form) == name
    assert credentials(name) == with_trust(name, form, CA[form])
    assert formats.let_in("fixed", form, GOOD)


def test_a_new_certificate_is_served_in_every_format_and_only_auto_named_credentials_are_renamed(formats):
    before = formats.outputs
    formats.outputs = formats.stack.up(authority="second")
    for form in FORMATS:
        for purpose, client in {"simple": None, "mutual": GOOD, "revoking": GOOD, "fixed": GOOD}.items():
            assert formats.let_in(purpose, form, client)
            assert formats.ask(purpose, form, client, ca=before["ca"]).refused
        assert formats.credential("mutual", form) != before["names"][form][f"mutual-{form}"]
        assert formats.credential("fixed", form) == before["names"][form][f"fixed-{form}"]


def test_another_clients_authority_is_followed_in_every_format(formats):
    old = formats.outputs["names"]
    formats.outputs = formats.stack.up(client_ca=STRANGERS.certificate, crl=STRANGERS.revocations())
    for form in FORMATS:
        for purpose in ("mutual", "fixed"):
            assert formats.let_in(purpose, form, STRANGER)
            assert formats.ask(purpose, form, GOOD).refused
            name = formats.credential(purpose, form)
            assert credentials(name) == with_trust(name, form, CA[form])
        assert credentials(old[form][f"mutual-{form}"]) == {}


def with_trust(name, form, trust):
    """The Secrets of a credential with these keys for the clients' authority."""
    if form == "separate-ca":
        return {name: OWN[form], f"{name}-cacert": trust}
    return {name: OWN[form] | trust}
