"""Components in front of a gateway that is not Istio's default one: another namespace, selector and ports."""

import json

import pytest

from istio_ingress.live import address
from istio_ingress.live.client import Identity
from tests.e2e.conftest import Requests, eventually, kubectl
from tests.e2e.edge import edge_gateway

PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress, MutualTlsGateway, PassthroughNginx, TlsGateway

config = pulumi.Config()
namespace = config.require("namespace")
common = {
    "namespace": namespace,
    "gateway": {
        "namespace": config.require("gateway_namespace"),
        "selector": {"istio": "edge", "site": namespace},
        "http_port": 8080,
        "https_port": 8443,
    },
}
http = HttpbinIngress("http", {
    **common, "hosts": [f"http.{namespace}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
})
backend = {"service": http.service, "port": http.service_port}
routes = [{"prefix": "/status"}]
tls = TlsGateway("tls", {
    **common, "hosts": [{"host": f"tls.{namespace}.example.com", "backend": backend, "routes": routes}],
})
mutual = MutualTlsGateway("mutual", {
    **common,
    "hosts": [{"host": f"mutual.{namespace}.example.com", "backend": backend, "routes": routes}],
    "clients": [{"name": "client"}],
})
nginx = PassthroughNginx("nginx", {
    **common, "hosts": [f"nginx.{namespace}.example.com"], "image": "lab.local/nginx:1",
})
pulumi.export("ca", {"tls": tls.ca_certificate, "mutual": mutual.ca_certificate, "nginx": nginx.ca_certificate})
pulumi.export("credentials", pulumi.Output.all(tls.credentials, mutual.credentials).apply(
    lambda all: [name for credentials in all for name in credentials.values()]
))
pulumi.export("client", [mutual.client_certificates["client"], mutual.client_keys["client"]])
"""


@pytest.fixture(scope="module")
def gateway_namespace(namespace):
    """A namespace with a gateway in it."""
    with edge_gateway(namespace) as name:
        yield name


@pytest.fixture(scope="module")
def outputs(new_stack, namespace, gateway_namespace):
    return new_stack(PROGRAM).up(namespace=namespace, gateway_namespace=gateway_namespace)


@pytest.fixture(scope="module")
def ask(outputs, namespace, gateway_namespace):
    """Requests to the other gateway, or to Istio's default one, by component."""
    kubectl("rollout", "status", "deployment/edge", "--namespace", gateway_namespace, "--timeout=50s")
    edge = Requests(address.find(gateway_namespace, "edge"))

    def ask(component, path, to=edge, **options):
        if component in outputs["ca"]:
            return to.https(f"{component}.{namespace}.example.com", path, ca=outputs["ca"][component], **options)
        return to.http(f"{component}.{namespace}.example.com", path)

    return ask


@pytest.fixture(scope="module")
def client(outputs):
    return Identity(*outputs["client"])


@pytest.mark.parametrize(
    ("component", "path", "expected"),
    [
        ("http", "/status/200", (200, "HTTP/1.1")),
        ("tls", "/status/418", (418, "HTTP/2")),
        ("mutual", "/status/418", (418, "HTTP/2")),
        ("nginx", "/", (200, "HTTP/1.1")),
    ],
)
def test_every_component_is_served_by_the_other_gateway(ask, client, component, path, expected):
    eventually(
        lambda: ask(component, path, identity=client),
        lambda answer: (answer.status, answer.protocol) == expected,
    )


def test_the_rules_are_the_same_there(ask, client):
    eventually(lambda: ask("mutual", "/status/418", identity=client), lambda answer: answer.status == 418)
    assert ask("mutual", "/status/418").refused
    assert ask("mutual", "/headers", identity=client).status == 404
    assert ask("http", "/headers").status == 404


def test_the_default_gateway_knows_nothing_of_them(ask, client, outputs, requests):
    eventually(lambda: ask("http", "/status/200"), lambda answer: answer.status == 200)
    assert ask("http", "/status/200", to=requests).status != 200
    for component in outputs["ca"]:
        assert ask(component, "/status/418", to=requests, identity=client).refused


def test_credentials_stand_beside_its_pods_and_nowhere_else(outputs, gateway_namespace):
    places = kubectl("get", "secrets", "--all-namespaces", "--output=json")
    found = {
        secret["metadata"]["name"]: secret["metadata"]["namespace"]
        for secret in json.loads(places)["items"]
        if secret["metadata"]["name"] in outputs["credentials"]
    }
    assert found == dict.fromkeys(outputs["credentials"], gateway_namespace)
