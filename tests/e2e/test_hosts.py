"""What hosts and their objects can be told beside routes: for each a request that shows it, and one that must not."""

import base64
import json

import pytest

from istio_ingress.live.client import Identity
from istio_ingress.x509 import certificate, certificates
from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl
from tests.unit.certificates import Authority

PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap, Secret
from istio_ingress import CertificateAuthority, HttpbinIngress, HttpGateway, MutualTlsGateway, SecretFormat, TlsGateway

config = pulumi.Config()
ns, ca, crl = config.require("namespace"), config.require("ca"), config.require("crl")


def host(name, **more):
    return {"host": f"{name}.{ns}.example.com", "routes": [{"direct_response": {"status": 200, "body": name}}], **more}


def secret(name, data):
    return Secret(name, metadata={"name": f"{ns}-{name}", "namespace": "istio-system"}, string_data=data).metadata.name


def pair(name):
    return {"tls.crt": config.require(f"{name}_certificate"), "tls.key": config.require_secret(f"{name}_key")}


HttpGateway("webShop", {
    "namespace": ns,
    "hosts": [
        host("here", virtual_service_name="here"),
        host("own") | {"host": f"./*.own.{ns}.example.com"},
        host("open") | {"host": f"*.open.{ns}.example.com"},
    ],
    "annotations": {"example.com/owner": "us"},
    "patches": {"VirtualService": {"spec": {"http": {"headers": {"response": {"set": {"x-patched": "yes"}}}}}}},
    "api_version": config.require("api_version"),
})
servers, partner = CertificateAuthority("servers", {}), CertificateAuthority("partner", {"common_name": "partner"})
mutual = {"namespace": ns, "authority": servers.issuer}
alice = {"name": "alice", "sans": [f"spiffe://{ns}/alice", "alice.test", "192.0.2.7"]}
named = MutualTlsGateway("named", mutual | {
    "hosts": [host("named")], "client_authority": partner.issuer,
    "clients": [alice], "client_names": [f"spiffe://{ns}/alice"],
})
others = MutualTlsGateway("others", mutual | {
    "hosts": [host("others")], "client_authority": partner.issuer, "clients": [{"name": "bob", "sans": ["bob.test"]}],
})
theirs = secret("kept", pair("kept") | {"ca.crt": config.require("other_ca")})
kept = {"hosts": [host("kept", existing_credential=theirs)]}
MutualTlsGateway("kept", mutual | kept | {"client_ca": ca, "crl": crl})
separate = {"hosts": [host("separate", existing_credential=f"{ns}-separate")]}
secret("separate", pair("separate"))
MutualTlsGateway("separate", mutual | separate | {"client_ca": ca, "secret_format": SecretFormat.SEPARATE_CA})
MutualTlsGateway("secret", mutual | {"hosts": [host("secret")], "client_ca_credential": secret("ca", {"ca.crt": ca})})
bundle = ConfigMap("bundle", metadata={"name": f"{ns}-bundle", "namespace": "istio-system"}, data={"ca.crt": ca})
reference = pulumi.Output.concat("configmap://istio-system/", bundle.metadata.name)
MutualTlsGateway("bundle", mutual | {"hosts": [host("bundle")], "client_ca_credential": reference})
address = TlsGateway("address", mutual | {"hosts": [host("address", sans=["192.0.2.10"], subject={"country": "DE"})]})

httpbin = HttpbinIngress("httpbin", {
    "namespace": ns, "hosts": [f"httpbin.{ns}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
    "routes": [
        {"headers": {"x-forwarded-proto": {"exact": "http"}}, "redirect": {"scheme": "https"}}, {"prefix": "/status"},
    ],
})
HttpbinIngress("door", {
    "namespace": ns, "entry": "ingress-class", "hosts": [f"one.{ns}.example.com", f"two.{ns}.example.com"],
    "backend": {"service": "httpbin", "port": 8000},
    "tls_secrets": {f"{one}.{ns}.example.com": secret(one, pair(one)) for one in ("one", "two")},
})
pulumi.export("ca", servers.certificate)
pulumi.export("alice", [named.client_certificates["alice"], named.client_keys["alice"]])
pulumi.export("bob", [others.client_certificates["bob"], others.client_keys["bob"]])
pulumi.export("address", address.credentials)
"""

ONE, OTHER, SERVERS = Authority("one"), Authority("other"), Authority("servers of others")
LOST = ONE.issue("lost")


def identity(pair):
    return Identity(pair.certificate, pair.key)


class Hosts:
    """The stack's hosts, asked by name."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace
        self.config = {
            "namespace": namespace,
            "ca": ONE.certificate,
            "other_ca": OTHER.certificate,
            "crl": ONE.revocations(LOST),
            "api_version": "v1",
        }
        for name in ("kept", "separate", "one", "two"):
            pair = SERVERS.issue(self.host(name))
            self.config |= {f"{name}_certificate": pair.certificate, f"{name}_key": pair.key}
        self.outputs = stack.up(**self.config)

    def host(self, name):
        return f"{name}.{self.namespace}.example.com"

    def http(self, name, path="/"):
        return self.requests.http(self.host(name), path)

    def https(self, name, identity=None, path="/", ca=None):
        return self.requests.https(self.host(name), path, ca=ca or self.outputs["ca"], identity=identity)

    def let_in(self, *args, **options):
        return eventually(lambda: self.https(*args, **options), lambda answer: answer.status == 200)

    def shut_out(self, *args, **options):
        return eventually(lambda: self.https(*args, **options), lambda answer: bool(answer.refused))


@pytest.fixture(scope="module")
def hosts(new_stack, requests, namespace):
    return Hosts(new_stack(PROGRAM), requests, namespace)


def made(hosts, kind, name):
    return json.loads(kubectl("get", kind, name, "--namespace", hosts.namespace, "--output=json"))


def test_objects_have_the_annotations_the_names_and_what_a_patch_adds(hosts):
    gateway = made(hosts, "gateway.networking.istio.io", "web-shop-http")
    assert gateway["metadata"]["annotations"]["example.com/owner"] == "us"
    assert made(hosts, "virtualservice", "here")["spec"]["http"][0]["headers"]["response"]["set"] == {
        "x-patched": "yes"
    }
    answer = eventually(lambda: hosts.http("here"), lambda answer: answer.status == 200)
    assert answer.headers["x-patched"] == "yes"


@pytest.mark.parametrize("name", ["kept", "separate"])
def test_our_clients_ca_counts_beside_a_credential_that_somebody_else_keeps(hosts, name):
    good, foreign = identity(ONE.issue("good")), identity(OTHER.issue("foreign"))
    hosts.let_in(name, good, ca=SERVERS.certificate)
    hosts.shut_out(name, foreign, ca=SERVERS.certificate)
    hosts.shut_out(name, None, ca=SERVERS.certificate)


def test_a_revoked_client_is_refused_beside_a_credential_that_somebody_else_keeps(hosts):
    hosts.shut_out("kept", identity(LOST), ca=SERVERS.certificate)
    hosts.let_in("separate", identity(LOST), ca=SERVERS.certificate)


@pytest.mark.parametrize("name", ["secret", "bundle"])
def test_the_clients_ca_may_be_kept_by_somebody_else(hosts, name):
    hosts.let_in(name, identity(ONE.issue("good")))
    hosts.shut_out(name, identity(OTHER.issue("foreign")))


def test_of_the_verified_clients_only_those_with_a_name_are_let_in(hosts):
    alice, bob = (Identity(*hosts.outputs[one]) for one in ("alice", "bob"))
    hosts.let_in("named", alice)
    hosts.shut_out("named", bob)
    hosts.let_in("others", bob)


def test_an_address_is_in_the_certificate(hosts):
    (secret,) = hosts.outputs["address"].values()
    data = json.loads(kubectl("get", "secret", secret, "--namespace", "istio-system", "--output=json"))["data"]
    leaf = certificates(base64.b64decode(data["tls.crt"]))[0]
    assert leaf.names == (hosts.host("address"), "192.0.2.10")
    assert "C=DE" in leaf.subject
    hosts.let_in("address")


def test_each_host_of_an_ingress_has_its_own_certificate(hosts):
    for name in ("one", "two"):
        answer = eventually(
            lambda name=name: hosts.https(name, path="/status/418", ca=SERVERS.certificate),
            lambda answer: answer.status == 418,
        )
        assert certificate(answer.certificate).names == (hosts.host(name),)


def test_plain_requests_are_sent_to_https_whatever_an_untrusted_client_says_of_its_scheme(hosts):
    address = hosts.requests.ingress
    edge = Edge(address.host, address.ports["http"])
    for scheme in ("http", "https"):  # without `numTrustedProxies` the gateway writes the header itself
        moved = eventually(
            lambda scheme=scheme: edge.ask(hosts.host("httpbin"), "/status/418", headers={"x-forwarded-proto": scheme}),
            lambda answer: answer.status_code == 301,
        )
        assert moved.headers["location"] == f"https://{hosts.host('httpbin')}/status/418"


STRANGER = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {namespace}, namespace: default}}
spec:
  hosts: [a.own.{namespace}.example.com, a.open.{namespace}.example.com]
  gateways: [{namespace}/web-shop-http]
  http: [{{directResponse: {{status: 200, body: {{string: stranger}}}}}}]
"""


def test_only_routes_of_the_namespace_that_a_host_names_answer_for_it(hosts):
    eventually(lambda: hosts.http("a.open"), lambda answer: answer.body == "open")
    kubectl("apply", "-f", "-", stdin=STRANGER.format(namespace=hosts.namespace))
    try:
        eventually(lambda: hosts.http("a.open"), lambda answer: answer.body == "stranger")
        assert hosts.http("a.own").body == "own"
    finally:
        kubectl("delete", "virtualservice", hosts.namespace, "--namespace", "default")


def test_another_api_version_replaces_nothing(hosts):
    changed = hosts.config | {"api_version": "v1beta1"}
    uid = made(hosts, "gateway.networking.istio.io", "web-shop-http")["metadata"]["uid"]
    planned = hosts.stack.planned(**changed)
    assert planned.keys() == {"update"}, planned
    hosts.stack.up(**changed)
    assert made(hosts, "gateway.networking.istio.io", "web-shop-http")["metadata"]["uid"] == uid
    assert hosts.stack.planned(**changed) == {}
