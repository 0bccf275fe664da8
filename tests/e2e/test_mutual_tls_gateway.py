"""HTTPS that asks for a client certificate: who gets in, who does not, and why."""

import base64
import json
import ssl

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from istio_ingress.live.client import Identity
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.keys import leaks
from tests.unit.certificates import Authority

# Gateways that differ in whom they trust, side by side in one stack and in front of one httpbin.
PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, ClientVerification, HttpbinIngress, MutualTlsGateway

config = pulumi.Config()
namespace = config.require("namespace")
httpbin = HttpbinIngress("httpbin", {
    "namespace": namespace,
    "hosts": [f"httpbin.{namespace}.example.com"],
    "workload": {"image": "lab.local/go-httpbin:1"},
})
servers, partner = CertificateAuthority("servers", {}), CertificateAuthority("partner", {"common_name": "partner"})
alice = {"name": "alice", "organization": "client organization"}
gateways = {}
for name, trust in {
    "ours": {"clients": [alice, {"name": "bob", "leaf_generation": config.require_int("generation")}]},
    "partners": {"client_authority": partner.issuer, "clients": [alice]},
    "given": {"client_ca": config.require("one_ca")},
    "bundle": {"client_ca": config.require("two_cas")},
    "both": {"client_ca": config.require("one_ca"), "clients": [alice]},
    "revoking": {"client_ca": config.require("one_ca"), "crl": config.require("crl")},
    "optional": {"verification": ClientVerification.OPTIONAL, "clients": [alice]},
}.items():
    gateways[name] = MutualTlsGateway(name, {
        "namespace": namespace,
        "authority": servers.issuer,
        "hosts": [{
            "host": f"{name}.{namespace}.example.com",
            "backend": {"service": httpbin.service, "port": httpbin.service_port},
        }],
        **trust,
    })

pulumi.export("ca", servers.certificate)
pulumi.export("certificates", {name: gateway.client_certificates for name, gateway in gateways.items()})
pulumi.export("keys", {name: gateway.client_keys for name, gateway in gateways.items()})
pulumi.export("trusted", {name: gateway.client_ca_certificate for name, gateway in gateways.items()})
pulumi.export("credentials", {name: gateway.credentials for name, gateway in gateways.items()})
pulumi.export("alice_key", gateways["ours"].client_keys["alice"])
"""


def identity(pair):
    return Identity(pair.certificate, pair.key)


ONE, OTHER, NAMESAKE = Authority("one"), Authority("other"), Authority("one")
GOOD, EXPIRED = identity(ONE.issue("good")), identity(ONE.issue("expired", days=-1))
OF_OTHER, OF_NAMESAKE = identity(OTHER.issue("of other")), identity(NAMESAKE.issue("of namesake"))
LOST, KEPT = ONE.issue("lost"), ONE.issue("kept")


class Gateways:
    """The stack's gateways, asked by name."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace
        self.config = {
            "namespace": namespace,
            "one_ca": ONE.certificate,
            "two_cas": ONE.certificate + OTHER.certificate,
            "crl": ONE.revocations(),
            "generation": 1,
        }
        self.outputs = stack.up(**self.config)

    def issued(self, gateway, client):
        return Identity(self.outputs["certificates"][gateway][client], self.outputs["keys"][gateway][client])

    def server(self, gateway):
        """The gateway's own key and certificate, which the clients' authority signed as well."""
        (name,) = self.outputs["credentials"][gateway].values()
        data = json.loads(kubectl("get", "secret", name, "--namespace", "istio-system", "--output=json"))["data"]
        return Identity(*(base64.b64decode(data[key]).decode() for key in ("tls.crt", "tls.key")))

    def ask(self, gateway, identity=None, **options):
        host = f"{gateway}.{self.namespace}.example.com"
        return self.requests.https(host, "/status/418", ca=self.outputs["ca"], identity=identity, **options)

    def reason(self, gateway, identity=None):
        """Why a client is refused: TLS 1.2 says it within the handshake, where no later write can hide it."""
        return self.ask(gateway, identity, maximum_tls=ssl.TLSVersion.TLSv1_2).refused

    def shut_out(self, gateway, identity):
        """The refusal, once there is one."""
        return eventually(lambda: self.ask(gateway, identity), lambda answer: bool(answer.refused))

    def let_in(self, gateway, identity=None):
        """The answer, once it is the teapot over HTTP/2."""
        return eventually(
            lambda: self.ask(gateway, identity), lambda answer: (answer.status, answer.protocol) == (418, "HTTP/2")
        )


@pytest.fixture(scope="module")
def gateways(new_stack, requests, namespace):
    return Gateways(new_stack(PROGRAM), requests, namespace)


@pytest.mark.parametrize("client", ["alice", "bob"])
def test_clients_with_an_issued_certificate_get_the_teapot(gateways, client):
    assert gateways.let_in("ours", gateways.issued("ours", client))


def test_without_a_client_certificate_the_handshake_fails(gateways):
    assert gateways.let_in("ours", gateways.issued("ours", "alice"))
    assert gateways.ask("ours").refused
    assert "handshake failure" in gateways.reason("ours")


def test_a_client_of_another_authority_is_refused_even_where_it_has_the_same_name(gateways):
    assert gateways.let_in("given", GOOD)
    for stranger, reason in {OF_OTHER: "unknown ca", OF_NAMESAKE: "decrypt error"}.items():
        assert gateways.ask("given", stranger).refused
        assert reason in gateways.reason("given", stranger)


def test_an_expired_client_is_refused(gateways):
    assert gateways.let_in("given", GOOD)
    assert gateways.ask("given", EXPIRED).refused
    assert "certificate expired" in gateways.reason("given", EXPIRED)


def test_a_server_certificate_does_not_make_a_client(gateways):
    assert gateways.let_in("ours", gateways.issued("ours", "alice"))
    assert "unsupported certificate" in gateways.reason("ours", gateways.server("ours"))


def test_a_client_without_an_extended_usage_is_let_in_and_so_is_the_authority_itself(gateways):
    """As docs/mutual-tls-gateway.md warns: Envoy holds against a certificate only a usage that it names."""
    assert ExtendedKeyUsageOID.CLIENT_AUTH not in usages(GOOD)
    assert gateways.let_in("given", GOOD)
    assert gateways.let_in("given", Identity(ONE.certificate, ONE.key))


def usages(identity):
    certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
    return [usage for one in certificate.extensions if one.oid == x509.ExtendedKeyUsage.oid for usage in one.value]


def test_an_optional_certificate_may_be_missing_but_not_wrong(gateways):
    assert gateways.let_in("optional")
    assert gateways.let_in("optional", gateways.issued("optional", "alice"))
    assert gateways.ask("optional", OF_OTHER).refused
    assert "unknown ca" in gateways.reason("optional", OF_OTHER)


def test_clients_of_every_authority_in_a_bundle_are_accepted(gateways):
    assert gateways.let_in("bundle", GOOD)
    assert gateways.let_in("bundle", OF_OTHER)
    assert "unknown ca" in gateways.reason("bundle", gateways.issued("ours", "alice"))


def test_issued_clients_are_accepted_beside_those_of_a_given_authority(gateways):
    assert gateways.let_in("both", gateways.issued("both", "alice"))
    assert gateways.let_in("both", GOOD)
    assert "unknown ca" in gateways.reason("both", OF_OTHER)


def test_clients_may_have_another_authority_than_the_server(gateways):
    assert gateways.let_in("partners", gateways.issued("partners", "alice"))
    assert "unknown ca" in gateways.reason("partners", gateways.issued("ours", "alice"))
    assert "unknown ca" in gateways.reason("ours", gateways.issued("partners", "alice"))


def test_the_trusted_authorities_are_an_output(gateways):
    trusted = gateways.outputs["trusted"]
    assert trusted["ours"] == gateways.outputs["ca"]
    assert trusted["given"] == ONE.certificate
    assert trusted["bundle"] == ONE.certificate + OTHER.certificate
    assert trusted["both"].count("BEGIN CERTIFICATE") == 2


def test_an_issued_certificate_says_who_the_client_is_and_only_serves_clients(gateways):
    certificate = x509.load_pem_x509_certificate(gateways.issued("ours", "alice").certificate.encode())
    assert certificate.subject.rfc4514_string() == "CN=alice,O=client organization"
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_a_clients_key_is_a_secret(gateways):
    stack, key = gateways.stack, gateways.issued("ours", "alice").key
    assert stack.pulumi("stack", "output", "alice_key").strip() == "[secret]"
    assert stack.pulumi("stack", "output", "alice_key", "--show-secrets").strip() == key.strip()
    assert leaks(stack, {key}, stack.pulumi("stack", "output", "--json"), stack.pulumi("stack", "export")) == []


def test_a_revoked_client_is_shut_out_and_the_others_are_not(gateways):
    assert gateways.let_in("revoking", identity(LOST))
    gateways.outputs = gateways.stack.up(crl=ONE.revocations(LOST))
    assert gateways.shut_out("revoking", identity(LOST))
    assert "certificate revoked" in gateways.reason("revoking", identity(LOST))
    assert gateways.let_in("revoking", identity(KEPT))
    assert gateways.let_in("given", identity(LOST))


def test_a_client_that_gets_a_new_key_gets_in_with_it(gateways):
    before = gateways.issued("ours", "bob")
    gateways.outputs = gateways.stack.up(generation=2)
    after = gateways.issued("ours", "bob")
    assert before.key != after.key
    assert gateways.let_in("ours", after)


def test_a_wrong_argument_is_refused_in_one_sentence(gateways):
    said = gateways.stack.fails("preview", "--config", "one_ca=not a certificate")
    assert "MutualTlsGateway \"given\": client_ca is 'not a certificate', but must be text in PEM format." in said
