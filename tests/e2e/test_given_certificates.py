"""Chains and certificates that are brought along: served as given, and refused at preview where they do not fit."""

import json
import ssl
import time

import pytest
from cryptography import x509

from istio_ingress.live.client import Identity
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.load import Load
from tests.unit.certificates import Authority

PROGRAM = """
from pathlib import Path
import pulumi
from istio_ingress import HttpbinIngress, IntermediateAuthority, MutualTlsGateway, TlsGateway

config = pulumi.Config()
namespace, files = config.require("namespace"), Path(config.require("files"))
httpbin = HttpbinIngress("httpbin", {
    "namespace": namespace,
    "hosts": [f"httpbin.{namespace}.example.com"],
    "workload": {"image": "lab.local/go-httpbin:1"},
})
backend = {"service": httpbin.service, "port": httpbin.service_port}


def given(name):
    key = (files / f"{name}.key").read_text()
    return {
        "certificate": (files / f"{name}.pem").read_text(),
        "private_key": pulumi.Output.secret(key) if config.get_bool("secret") else key,
    }


def host(name, **more):
    return {"host": f"{name}.{namespace}.example.com", "backend": backend, **more}


below = IntermediateAuthority("below", {"authority": given("ca")})
made = IntermediateAuthority("made", {"generation": config.get_int("generation") or 1})
TlsGateway("own", {"namespace": namespace, "hosts": [host("leaf", given_certificate=given("leaf"))]})
TlsGateway("signed", {"namespace": namespace, "authority": given("ca"), "hosts": [host("signed")]})
TlsGateway("chained", {"namespace": namespace, "authority": below.issuer, "hosts": [host("chained")]})
mutual = MutualTlsGateway("mutual", {
    "namespace": namespace,
    "authority": made.issuer,
    "hosts": [host("mutual")],
    "clients": [{"name": "good"}, {"name": "lost"}],
    "revoked": {"clients": config.get_object("revoked") or []},
})
pulumi.export("made_root", made.bundle)
pulumi.export("certificates", mutual.client_certificates)
pulumi.export("keys", mutual.client_keys)
"""
ROOT, STRANGER = Authority("own root", days=3650), Authority("stranger", days=3650)
MIDDLE = Authority("own middle", above=ROOT, days=3650)


def issuer(client):
    """Which key signed a client's certificate."""
    leaf = x509.load_pem_x509_certificate(client.certificate.encode())
    return leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier


class Given:
    """The stack, the files that it reads, and requests to its hosts."""

    def __init__(self, stack, requests, namespace, files):
        self.stack, self.requests, self.namespace, self.files = stack, requests, namespace, files
        self.leaf = MIDDLE.issue(self.host("leaf"))
        self.write("ca", ROOT.certificate, ROOT.key)
        self.write("leaf", self.leaf.certificate + MIDDLE.certificate, self.leaf.key)
        self.outputs = stack.up(namespace=namespace, files=str(files), secret="true")

    def host(self, name):
        return f"{name}.{self.namespace}.example.com"

    def write(self, name, certificate, key):
        (self.files / f"{name}.pem").write_text(certificate)
        (self.files / f"{name}.key").write_text(key)

    def ask(self, name, ca, identity=None, **options):
        return self.requests.https(self.host(name), "/status/418", ca=ca, identity=identity, **options)

    def verified(self, name, ca, identity=None):
        return eventually(lambda: self.ask(name, ca, identity), lambda answer: answer.status == 418)

    def client(self, name):
        return Identity(self.outputs["certificates"][name], self.outputs["keys"][name])

    def secrets(self):
        resources = json.loads(self.stack.pulumi("stack", "export"))["deployment"]["resources"]
        own = {each["id"] for each in resources if each["type"] == "kubernetes:core/v1:Secret"}
        listed = json.loads(kubectl("get", "secrets", "--namespace", "istio-system", "--output=json"))["items"]
        versions = {each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in listed}
        return {name: version for name, version in versions.items() if f"istio-system/{name}" in own}


@pytest.fixture(scope="module")
def given(new_stack, requests, namespace, tmp_path_factory):
    return Given(new_stack(PROGRAM), requests, namespace, tmp_path_factory.mktemp("given"))


@pytest.mark.parametrize("name", ["leaf", "signed", "chained"])
def test_a_client_that_holds_only_the_root_verifies_the_server(given, name):
    assert given.verified(name, ROOT.certificate)
    assert "certificate verify failed" in given.ask(name, STRANGER.certificate).refused


def test_the_given_leaf_is_what_is_served(given):
    assert given.verified("leaf", ROOT.certificate).certificate == ssl.PEM_cert_to_DER_cert(given.leaf.certificate)


def test_clients_of_an_intermediate_authority_get_in_by_its_root(given):
    assert given.outputs["made_root"].count("BEGIN CERTIFICATE") == 1
    for name in ("good", "lost"):
        assert given.verified("mutual", given.outputs["made_root"], given.client(name))


def test_a_client_of_an_intermediate_authority_is_revoked(given):
    given.outputs = given.stack.up(revoked=["lost"])
    root = given.outputs["made_root"]
    assert eventually(lambda: given.ask("mutual", root, given.client("lost")), lambda answer: bool(answer.refused))
    assert given.verified("mutual", root, given.client("good"))


def test_another_generation_of_an_intermediate_authority_shuts_nobody_out_and_lets_nobody_in(given):
    root, before, lost = given.outputs["made_root"], given.client("good"), given.client("lost")
    with Load(lambda: given.ask("mutual", root, before, http2=False)) as load:
        given.outputs = given.stack.up(generation=2)
        after = given.client("good")
        assert given.verified("mutual", root, after)
        time.sleep(2)  # until the gateway has all of it
    assert load.lost(418) == []
    assert issuer(after) != issuer(before)
    assert given.outputs["made_root"] == root
    assert given.verified("mutual", root, before)
    assert given.ask("mutual", root, lost).refused


def test_a_second_preview_shows_nothing_to_do(given):
    assert given.stack.planned() == {}


LEAF = 'TlsGateway "own": hosts[0].given_certificate.'


def misfits(given):
    host, other = given.host("leaf"), MIDDLE.issue("other.example.com")
    expired, stranger = MIDDLE.issue(host, days=-1), STRANGER.issue(host)
    chain = given.leaf.certificate + MIDDLE.certificate
    return {
        "key": (chain, other.key, "private_key is another certificate's, but must be the key of CN="),
        "names": (other.certificate, other.key, f"certificate is for other.example.com, but must be for {host} too"),
        "dates": (expired.certificate, expired.key, f"certificate is CN={host}, expired since 20"),
        "chain": (
            stranger.certificate + MIDDLE.certificate,
            stranger.key,
            f"certificate is a chain in which CN=own middle did not sign CN={host} before it",
        ),
        "format": ("no certificate", given.leaf.key, "certificate is "),
    }


@pytest.mark.parametrize("misfit", ["key", "names", "dates", "chain", "format"])
def test_a_misfit_is_refused_at_preview(given, misfit):
    certificate, key, sentence = misfits(given)[misfit]
    given.write("leaf", certificate, key)
    said = given.stack.refused(secret="false")
    assert said.startswith(LEAF + sentence)
    assert key.splitlines()[1] not in said


def test_a_secret_key_that_does_not_fit_is_refused_before_anything_is_written(given):
    certificate, key, sentence = misfits(given)["key"]
    given.write("leaf", certificate, key)
    before = given.secrets()
    said = given.stack.fails("up", "--yes", "--config", "secret=true")
    assert f"{LEAF}{sentence}" in said
    assert key.splitlines()[1] not in said
    assert given.secrets() == before != {}
    assert given.verified("leaf", ROOT.certificate)
