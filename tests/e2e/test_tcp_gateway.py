"""TcpGateway and TlsPassthrough: connections that go through by port and by name, and TLS that ends at the gateway."""

import ssl

import pytest

from istio_ingress.live import address
from istio_ingress.live.client import Target, send
from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.edge import edge_gateway

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, HttpbinIngress, PassthroughNginx, TcpGateway, TlsPassthrough

config = pulumi.Config()
ns = config.require("namespace")
gateway = {
    "namespace": config.require("gateway_namespace"),
    "selector": {"istio": "edge", "site": ns},
    "http_port": 8080,
    "https_port": 8443,
}
common = {"namespace": ns, "gateway": gateway}
httpbin = HttpbinIngress("httpbin", {
    **common, "hosts": [f"bin.{ns}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
})
hello = HttpbinIngress("hello", {
    **common, "hosts": [f"hello.{ns}.example.com"],
    "workload": {"kind": "helloworld", "image": "lab.local/helloworld:1"},
})
bin = {"service": httpbin.service, "port": httpbin.service_port}
greeter = {"service": hello.service, "port": hello.service_port}
ca = CertificateAuthority("ca", {})
tcp = TcpGateway("tcp", {**common, "ports": [
    {"port": 7001, "backend": bin},
    {"port": 7002, "name": "ended", "backend": bin, "tls": {
        "hosts": [f"ended.{ns}.example.com"], "authority": ca.issuer,
    }},
    {"port": 7003, "name": "one", "backend": bin, "tls": {"hosts": [f"one.{ns}.example.com"], "authority": ca.issuer}},
    {"port": 7003, "name": "two", "backend": greeter, "tls": {
        "hosts": [f"two.{ns}.example.com"], "authority": ca.issuer,
    }},
    {"port": 7004, "backends": [{**bin, "weight": 1}, {**greeter, "weight": 1}]},
]})


def nginx(name):
    # Its own way in is a port of the gateway that nobody asks; it is asked through TlsPassthrough.
    return PassthroughNginx(name, {
        **common,
        "gateway": {**gateway, "https_port": 7099},
        "hosts": [f"{name}.{ns}.example.com"],
        "image": "lab.local/nginx:1",
    })


first, second = nginx("first"), nginx("second")
TlsPassthrough("names", {**common, "hosts": [
    {"host": f"first.{ns}.example.com", "backend": {"service": first.service, "port": 443}},
    {"host": f"second.{ns}.example.com", "backend": {"service": second.service, "port": 443}},
]})
pulumi.export("ca", ca.bundle)
pulumi.export("told", tcp.ca_certificates)
pulumi.export("first", first.ca_certificate)
pulumi.export("second", second.ca_certificate)
"""
PORTS = (7001, 7002, 7003, 7004)


@pytest.fixture(scope="module")
def gateway_namespace(namespace):
    """A namespace with a gateway that has ports for TCP."""
    with edge_gateway(namespace, PORTS) as name:
        yield name


@pytest.fixture(scope="module")
def outputs(new_stack, namespace, gateway_namespace):
    return new_stack(PROGRAM).up(namespace=namespace, gateway_namespace=gateway_namespace)


@pytest.fixture(scope="module")
def edges(outputs, namespace, gateway_namespace):
    """The gateway's ports, once it is told all of them."""
    kubectl("rollout", "status", "deployment/edge", "--namespace", gateway_namespace, "--timeout=50s")
    found = address.find(gateway_namespace, "edge")
    edges = {port: Edge(found.host, found.by_number[port]) for port in (*PORTS, 8443)}
    eventually(lambda: handshake(edges[7003], outputs["ca"], f"two.{namespace}.example.com"), lambda told: told[0])
    return edges


def handshake(edge, ca, name):
    """Whether TLS was begun with a server that this authority vouches for; the answer to a request inside, or why."""
    context = ssl.create_default_context(cadata=ca)
    context.check_hostname = False
    try:
        with edge.connect() as plain, context.wrap_socket(plain, server_hostname=name) as connection:
            connection.sendall(b"GET /hello HTTP/1.1\r\nHost: whatever.example\r\nConnection: close\r\n\r\n")
            with connection.makefile("rb") as answer:
                return True, answer.read().decode()
    except (ssl.SSLError, OSError) as error:
        return False, str(error)


def spoken_plainly(edge):
    """The beginning of the answer to a request outside of TLS; nothing where the connection is closed."""
    try:
        with edge.connect() as connection:
            connection.sendall(b"GET /get HTTP/1.1\r\nHost: any.example\r\n\r\n")
            return connection.recv(100)
    except ConnectionResetError:
        return b""


def test_a_port_leads_to_its_service_whatever_the_host(edges):
    assert edges[7001].ask("any.example", "/get").json()["headers"]["Host"] == ["any.example"]
    assert "istio-envoy" not in edges[7001].ask("any.example", "/get").headers.get("server", "")


def test_tls_ends_at_the_gateway_with_a_name_or_without_one(edges, outputs, namespace):
    for name in (f"ended.{namespace}.example.com", None, "other.example"):
        begun, answer = handshake(edges[7002], outputs["ca"], name)
        assert begun
        assert answer.startswith("HTTP/1.1 404 Not Found"), "go-httpbin has no /hello"
    assert outputs["told"]["ended"] == outputs["ca"]
    assert handshake(edges[7002], outputs["first"], None)[0] is False
    assert spoken_plainly(edges[7002]) == b""
    assert spoken_plainly(edges[7001]).startswith(b"HTTP/1.1 200 OK")


def test_the_name_decides_between_two_on_one_port(edges, outputs, namespace):
    assert "404 Not Found" in handshake(edges[7003], outputs["ca"], f"one.{namespace}.example.com")[1]
    assert "Hello version" in handshake(edges[7003], outputs["ca"], f"two.{namespace}.example.com")[1]
    for name in (None, "other.example"):
        assert handshake(edges[7003], outputs["ca"], name)[0] is False


def test_connections_are_shared_by_weight(edges):
    statuses = [edges[7004].ask("any.example", "/hello").status_code for _ in range(40)]
    assert 5 <= statuses.count(200) <= 35
    assert statuses.count(200) + statuses.count(404) == 40


def test_names_pass_through_to_the_servers_that_end_tls_themselves(edges, outputs, namespace):
    def ask(name, ca):
        edge = edges[8443]
        return send(Target(f"https://{name}.{namespace}.example.com:{edge.port}/", edge.host), ca=outputs[ca])

    assert eventually(lambda: ask("first", "first"), lambda answer: bool(answer.status)).status == 200
    assert ask("second", "second").status == 200
    assert ask("first", "second").refused
    assert ask("third", "first").refused
