"""Where a listener is bound, which namespaces see routes, and what objects and ports are called."""

import json

import httpx
import pytest

from istio_ingress.live import address
from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.edge import edge_gateway

PROGRAM = """
import pulumi
from istio_ingress import HttpGateway

config = pulumi.Config()
ns, edge = config.require("namespace"), config.require("gateway_namespace")


def serve(name, port, **more):
    HttpGateway(name, {
        "namespace": ns,
        "gateway": {"namespace": edge, "selector": {"istio": "edge", "site": ns}, "http_port": port},
        "hosts": [{
            "host": f"{name}.{ns}.example.com",
            "virtual_service_name": f"{name}-routes",
            "routes": [{"direct_response": {"status": 200, "body": name}}],
        }],
        "gateway_name": f"{name}-door",
        "port_name": f"http-{name}",
        **more,
    })


serve("open", 8080, bind="0.0.0.0", export_to=[config.require("seen_by")])
serve("shut", 8443, bind="127.0.0.1")
"""


@pytest.fixture(scope="module")
def gateway_namespace(namespace):
    with edge_gateway(namespace) as name:
        yield name


@pytest.fixture(scope="module")
def stack(new_stack, namespace, gateway_namespace):
    stack = new_stack(PROGRAM)
    stack.up(namespace=namespace, gateway_namespace=gateway_namespace, seen_by=gateway_namespace)
    kubectl("rollout", "status", "deployment/edge", "--namespace", gateway_namespace, "--timeout=50s")
    return stack


@pytest.fixture(scope="module")
def ask(stack, namespace, gateway_namespace):
    """Asks one of the hosts on one of the gateway's ports."""
    found = address.find(gateway_namespace, "edge")

    def ask(name, port):
        return Edge(found.host, found.by_number[port]).ask(f"{name}.{namespace}.example.com", "/")

    return ask


def test_a_listener_answers_where_it_is_bound_and_nowhere_else(ask):
    assert eventually(lambda: ask("open", 8080), lambda answer: answer.status_code == 200).text == "open"
    with pytest.raises(httpx.TransportError):
        ask("shut", 8443)


def test_objects_and_ports_are_called_as_they_were_told(stack, namespace):
    gateway = json.loads(kubectl("get", "gateway", "open-door", "--namespace", namespace, "--output=json"))
    assert [server["port"]["name"] for server in gateway["spec"]["servers"]] == ["http-open"]
    routes = json.loads(kubectl("get", "virtualservice", "open-routes", "--namespace", namespace, "--output=json"))
    assert routes["spec"]["gateways"] == ["open-door"]


def test_routes_are_there_where_the_gateways_namespace_sees_them(stack, ask, gateway_namespace):
    refused = stack.run("preview", "--config", "seen_by=.")
    assert "virtualservice-hidden: VirtualService" in refused.stdout
    waiver = 'istio-ingress:waivers["virtualservice-hidden"]'
    stack.pulumi("config", "set", "--path", waiver, "to see that the rule is right")
    for seen_by, status in ((".", 404), (gateway_namespace, 200)):
        stack.up(seen_by=seen_by)
        eventually(lambda: ask("open", 8080), lambda answer: answer.status_code == status)  # noqa: B023
