"""Revocation by an input change, while clients connect: the one is refused, the others notice nothing."""

import time
from datetime import UTC, datetime

import pytest
from cryptography import x509

from istio_ingress import SecretFormat
from istio_ingress.live.client import Identity
from tests.e2e.conftest import eventually
from tests.e2e.load import Load
from tests.e2e.watching import Writes
from tests.unit.certificates import Authority

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, HttpbinIngress, MutualTlsGateway, Rollover, SecretFormat

config = pulumi.Config()
namespace = config.require("namespace")
authority = CertificateAuthority("ca", {
    "generation": config.get_int("ca_generation") or 1,
    "rollover": Rollover(config.get("rollover") or "trust"),
})
httpbin = HttpbinIngress("httpbin", {
    "namespace": namespace,
    "hosts": [f"httpbin.{namespace}.example.com"],
    "workload": {"image": "lab.local/go-httpbin:1"},
})


def gateway(name, **args):
    return MutualTlsGateway(name, {
        "namespace": namespace,
        "authority": authority.issuer,
        "hosts": [{
            "host": f"{name}.{namespace}.example.com",
            "backend": {"service": httpbin.service, "port": httpbin.service_port},
        }],
        **args,
    })


revoked = {"clients": config.get_object("revoked") or [], "serials": config.get_object("serials") or []}
clients = [{"name": name} for name in ("good", "lost")]
ours = {
    form.value: gateway(form.value, secret_format=form, clients=clients, revoked=revoked) for form in SecretFormat
}
crl = config.require("crl")
late = config.get_bool("late")  # as an Output, the list is known only after the program has run
given = gateway("given", client_ca=config.require("client_ca"), crl=pulumi.Output.from_input(crl) if late else crl)

pulumi.export("ca", authority.bundle)
pulumi.export("crl", ours["tls"].crl)
pulumi.export("certificates", {form: made.client_certificates for form, made in ours.items()})
pulumi.export("keys", {form: made.client_keys for form, made in ours.items()})
"""
REFUSED_SECONDS = 2.0
FORMATS = [form.value for form in SecretFormat]
PARTNER, STRANGER = Authority("partner"), Authority("stranger")
KEPT = PARTNER.issue("kept")


class Gateways:
    """One gateway a secret format with revocations of ours, and one with a given list."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace
        config = {"namespace": namespace, "client_ca": PARTNER.certificate, "crl": PARTNER.revocations()}
        self.outputs = stack.up(**config)

    def client(self, form, name):
        return Identity(self.outputs["certificates"][form][name], self.outputs["keys"][form][name])

    def asks(self, gateway, identity):
        # Over HTTP/1.1: see `send` about answers of a listener that is being changed.
        host, ca = f"{gateway}.{self.namespace}.example.com", self.outputs["ca"]
        return lambda: self.requests.https(host, "/status/418", ca=ca, identity=identity, http2=False)

    def let_in(self, gateway, identity):
        return eventually(self.asks(gateway, identity), lambda answer: answer.status == 418)

    def shut_out(self, gateway, identity):
        return eventually(self.asks(gateway, identity), lambda answer: bool(answer.refused))

    def up_under_load(self, gateway, good, lost, **config):
        """Update while both clients connect to the gateway; what became of each connection."""
        with Load(self.asks(gateway, good), 25) as passing, Load(self.asks(gateway, lost), 25) as refused:
            self.outputs = self.stack.up(**config)
            time.sleep(REFUSED_SECONDS + 1)  # what comes after those seconds is looked at, too
        return passing, refused


@pytest.fixture(scope="module")
def gateways(new_stack, requests, namespace):
    made = Gateways(new_stack(PROGRAM), requests, namespace)
    for form in FORMATS:
        for name in ("good", "lost"):
            made.let_in(form, made.client(form, name))
    return made


def serial(certificate):
    return x509.load_pem_x509_certificate(certificate.encode()).serial_number


def revoked_in(gateways):
    return {entry.serial_number for entry in x509.load_pem_x509_crl(gateways.outputs["crl"].encode())}


def test_a_list_that_names_nobody_lets_everybody_in(gateways):
    assert revoked_in(gateways) == set()
    for form in FORMATS:
        assert gateways.let_in(form, gateways.client(form, "lost"))


def test_a_second_preview_shows_nothing_to_do(gateways):
    assert gateways.stack.planned() == {}


def test_revoking_one_client_costs_the_others_no_request(gateways, record_property):
    good, lost = gateways.client("tls", "good"), gateways.client("tls", "lost")
    with Writes("gateways.networking.istio.io", "tls-mtls", gateways.namespace) as written:
        passing, refused = gateways.up_under_load("tls", good, lost, revoked=["lost"])
    assert passing.rate + refused.rate >= 20
    assert passing.lost(418) == []
    seconds = refused.served_after(written.moments[0], lambda answer: bool(answer.refused))
    assert seconds < REFUSED_SECONDS
    after = [answer for when, answer in refused.answers if when > written.moments[0] + REFUSED_SECONDS]
    assert after
    assert all(answer.refused for answer in after)
    record_property("connections", len(passing.answers))
    record_property("seconds from write to refused", round(seconds, 2))
    assert revoked_in(gateways) == {serial(lost.certificate)}


@pytest.mark.parametrize("form", FORMATS)
def test_the_revoked_client_is_refused_in_every_format(gateways, form):
    assert gateways.shut_out(form, gateways.client(form, "lost"))
    assert gateways.let_in(form, gateways.client(form, "good"))


def test_what_is_revoked_stays_revoked_in_a_preview_with_nothing_to_do(gateways):
    assert gateways.stack.planned() == {}


def test_a_revoked_client_stays_refused_while_the_authority_is_rolled_over(gateways):
    lost = gateways.client("tls", "lost")
    for rollover in ("trust", "issue"):
        passing, _ = gateways.up_under_load(
            "tls", gateways.client("tls", "good"), lost, ca_generation=2, rollover=rollover
        )
        assert passing.lost(418) == []
        assert gateways.client("tls", "lost") == lost
        for form in FORMATS:
            assert gateways.shut_out(form, gateways.client(form, "lost"))
            assert gateways.let_in(form, gateways.client(form, "good"))
    assert gateways.outputs["crl"].count("BEGIN X509 CRL") == 2


def test_a_serial_number_revokes_whoever_holds_it(gateways):
    good, before = gateways.client("tls", "good"), revoked_in(gateways)
    gateways.outputs = gateways.stack.up(serials=[f"{serial(good.certificate):X}"])
    assert gateways.shut_out("tls", good)
    assert revoked_in(gateways) == before | {serial(good.certificate)}
    assert gateways.let_in("generic", gateways.client("generic", "good"))


def test_a_given_list_lets_the_others_in(gateways):
    assert gateways.let_in("given", Identity(KEPT.certificate, KEPT.key))


@pytest.mark.parametrize(
    ("crl", "sentence"),
    [
        (
            PARTNER.revocations(end=datetime(2024, 1, 2, tzinfo=UTC)),
            "crl is stale since 2024-01-02 00:00 UTC, but must be a current list, "
            "or Envoy refuses every client of CN=partner.",
        ),
        (
            PARTNER.revocations(start=datetime(2124, 1, 2, tzinfo=UTC), end=datetime(2125, 1, 2, tzinfo=UTC)),
            "crl is not valid before 2124-01-02 00:00 UTC, but must be valid now, "
            "or Envoy refuses every client of CN=partner.",
        ),
        (
            STRANGER.revocations(),
            "crl is a list of CN=stranger that no trusted authority signed, "
            "but must be of a trusted authority: CN=partner.",
        ),
    ],
    ids=["stale", "not yet valid", "foreign"],
)
def test_a_list_that_would_shut_everybody_out_is_refused_at_preview(gateways, crl, sentence):
    assert gateways.stack.refused(crl=crl, late="false") == f'MutualTlsGateway "given": {sentence}'
    said = gateways.stack.fails("up", "--yes", "--config", f"crl={crl}", "--config", "late=true")
    assert f'error: MutualTlsGateway "given": {sentence}' in said
    assert "Updating (test)" not in said, "it was refused only after the preview"
    assert gateways.let_in("given", Identity(KEPT.certificate, KEPT.key))
