"""Where the ingress is: a node's address and its node ports, or a load balancer's and the standard ports."""

import json

import pytest

from istio_ingress.live import address
from istio_ingress.live.client import Target, send
from istio_ingress.live.errors import LiveError
from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress, TlsGateway

ns = pulumi.Config().require("namespace")
plain = HttpbinIngress("plain", {
    "namespace": ns, "hosts": [f"plain.{ns}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
})
secure = TlsGateway("secure", {
    "namespace": ns,
    "https_redirect": True,
    "hosts": [{
        "host": f"secure.{ns}.example.com",
        "backend": {"service": plain.service, "port": plain.service_port},
    }],
})
pulumi.export("ca", secure.ca_certificate)
"""
SYSTEM, GATEWAY = "istio-system", "istio-ingressgateway"
# Node ports of the standard gateway's Service are found by these names, and so are a load balancer's.
PORTS = [{"name": "http2", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443}]


@pytest.fixture(scope="module")
def service(namespace):
    """Makes further Services for the gateway's pods; gives their names."""
    made = []

    def create(kind, **spec):
        made.append(f"{namespace}-{kind.lower()}-{len(made)}")
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": made[-1], "namespace": SYSTEM}}
        spec = {"type": kind, "selector": {"istio": "ingressgateway"}, "ports": PORTS} | spec
        kubectl("create", "-f", "-", stdin=json.dumps(manifest | {"spec": spec}))
        return made[-1]

    yield create
    kubectl("delete", "service", "-n", SYSTEM, *made)


@pytest.fixture(scope="module")
def balancer(service):
    """A Service that waits for a load balancer's address."""
    return service("LoadBalancer")


@pytest.fixture
def balanced(balancer):
    """Gives that Service an address, as a cloud would, and takes it away again."""

    def patch(*ingress):
        status = json.dumps({"status": {"loadBalancer": {"ingress": ingress}}})
        kubectl("patch", "service", balancer, "-n", SYSTEM, "--subresource=status", "--type=merge", "-p", status)
        return address.find(SYSTEM, balancer)

    yield patch
    patch()


@pytest.fixture(scope="module")
def ca(new_stack, namespace):
    return new_stack(PROGRAM).up(namespace=namespace)["ca"]


@pytest.fixture(scope="module")
def node():
    return kubectl("get", "nodes", "-o", "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}")


def plain_and_secure(namespace, found):
    """The module's two requests to an address; standard ports stay unsaid, as a person leaves them out."""
    ports = {name: "" if port in (80, 443) else f":{port}" for name, port in found.ports.items()}
    return (
        Target(f"http://plain.{namespace}.example.com{ports['http']}/status/200", found.host),
        Target(f"https://secure.{namespace}.example.com{ports['https']}/status/418", found.host),
    )


def answers(targets, ca):
    plain, secure = targets
    eventually(lambda: send(plain), lambda answer: answer.status == 200)
    return eventually(lambda: send(secure, ca=ca), lambda answer: (answer.status, answer.protocol) == (418, "HTTP/2"))


def test_without_a_load_balancer_it_is_the_node_and_its_ports(namespace, node, ca):
    found = address.find(SYSTEM, GATEWAY)
    ports = json.loads(kubectl("get", "service", GATEWAY, "-n", SYSTEM, "-o", "json"))["spec"]["ports"]
    by_name = {port["name"]: port["nodePort"] for port in ports}
    assert (found.host, found.ports) == (node, {"http": by_name["http2"], "https": by_name["https"]})
    assert answers(plain_and_secure(namespace, found), ca)


def test_a_load_balancer_without_an_address_yet_is_none(balancer, namespace, node, ca):
    found = address.find(SYSTEM, balancer)
    assert found.host == node
    assert min(found.ports.values()) >= 30000
    assert answers(plain_and_secure(namespace, found), ca)


def test_a_load_balancers_ip_answers_on_the_standard_ports(balanced, namespace, node, ca):
    found = balanced({"ip": node})
    assert (found.host, found.ports) == (node, {"http": 80, "https": 443})
    assert answers(plain_and_secure(namespace, found), ca)


def test_there_a_redirect_leads_to_the_teapot(balanced, namespace, node, ca):
    host = balanced({"ip": node}).host
    plain = Target(f"http://secure.{namespace}.example.com/status/418", host)
    redirected = eventually(lambda: send(plain), lambda answer: answer.status == 301)
    assert redirected.location == f"https://secure.{namespace}.example.com/status/418"
    assert send(Target(redirected.location, host), ca=ca).status == 418


def test_with_its_address_a_load_balancers_ports_go(balanced, namespace, node, ca):
    plain, _ = plain_and_secure(namespace, balanced({"ip": node}))
    eventually(lambda: send(plain), lambda answer: answer.status == 200)
    assert balanced().ports["http"] != 80
    assert eventually(lambda: send(plain), lambda answer: bool(answer.refused))


def test_a_load_balancers_host_name_is_the_address_too(balanced):
    found = balanced({"hostname": "lb.example.com"})
    assert (found.host, found.ports) == ("lb.example.com", {"http": 80, "https": 443})


def test_a_service_that_nobody_outside_can_reach_is_said_so(service):
    inside = service("ClusterIP")
    with pytest.raises(LiveError, match=f"^Service {SYSTEM}/{inside} has no load balancer address and no node ports"):
        address.find(SYSTEM, inside)


def test_without_gateway_pods_there_is_no_node(service):
    nobodys = service("NodePort", selector={"istio": "nobody"})
    with pytest.raises(LiveError, match="no gateway pod is scheduled on a node"):
        address.find(SYSTEM, nobodys)


def test_a_service_that_is_missing_is_named(namespace):
    with pytest.raises(LiveError, match='services "nowhere" not found'):
        address.find(namespace, "nowhere")
