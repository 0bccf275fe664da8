"""Routes and backends inside the mesh: told apart by who asks, and followed by sidecars only where that is wanted."""

import pytest

from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.inside import ClientPod

PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import Service
from istio_ingress import BackendScope, HostRoutes, HttpbinIngress, HttpGateway, ServiceBackend

ns = pulumi.Config().require("namespace")


def says(text, **match):
    return {**match, "direct_response": {"status": 200, "body": text}}


httpbin = HttpbinIngress("httpbin", {
    "namespace": ns, "hosts": [f"bin.{ns}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
})
HostRoutes("inside", {"namespace": ns, "gateways": ["mesh"], "hosts": [{
    "host": f"httpbin.{ns}.svc.cluster.local",
    "routes": [
        says("of the label", exact="/who", source_labels={"tier": "gold"}),
        says("of the namespace", exact="/who", source_namespace=f"{ns}-mesh"),
        {"prefix": "/", "service": "httpbin", "port": 8000},
    ],
}]})


def also(name, scope):
    # Told to speak HTTP/2 to go-httpbin, which does not understand it.
    Service(
        name,
        metadata={"name": name, "namespace": ns, "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={"selector": {"app": "httpbin"}, "ports": [{"name": "http", "port": 8000, "targetPort": 8080}]},
    )
    told = {"service": name, "port": 8000, "namespace": ns, "protocol": "http2", "scope": scope}
    return {"host": f"{name}.{ns}.example.com", "backend": ServiceBackend(f"{name}-{ns}", told).backend}


HttpGateway("web", {
    "namespace": ns, "hosts": [also("here", BackendScope.GATEWAY), also("everywhere", BackendScope.MESH)],
})
"""


@pytest.fixture(scope="module")
def clients(namespace):
    """Two pods with a sidecar, only one of them with the label."""
    covered = f"{namespace}-mesh"
    kubectl("create", "namespace", covered)
    kubectl("label", "namespace", covered, "istio-injection=enabled")
    pods = {"gold": ClientPod.start(covered, "gold", tier="gold"), "plain": ClientPod.start(covered, "plain")}
    for pod in pods.values():
        pod.wait()
    yield pods
    kubectl("delete", "namespace", covered, "--wait=false")


@pytest.fixture(scope="module")
def preview(new_stack, namespace, clients):
    """What the preview said of what is up now."""
    stack = new_stack(PROGRAM)
    said = stack.preview(namespace=namespace)
    stack.up(namespace=namespace)
    eventually(lambda: clients["plain"].status(f"http://httpbin.{namespace}:8000/who"), lambda status: status == 200)
    return said


def test_requests_are_told_apart_by_who_sends_them(preview, clients, namespace):
    url = f"http://httpbin.{namespace}:8000"
    assert clients["gold"].curl(f"{url}/who") == "of the label"
    assert clients["plain"].curl(f"{url}/who") == "of the namespace"
    assert clients["plain"].status(f"{url}/status/201") == 201


def test_a_backend_is_told_to_the_gateway_only_or_to_everybody_and_then_the_preview_says_so(
    preview, clients, namespace, ingress
):
    edge = Edge(ingress.host, ingress.ports["http"])
    for name in ("here", "everywhere"):
        eventually(lambda: edge.ask(f"{name}.{namespace}.example.com", "/get").status_code, lambda got: got == 502)  # noqa: B023
    assert clients["plain"].status(f"http://here.{namespace}:8000/get") == 200
    assert clients["plain"].status(f"http://everywhere.{namespace}:8000/get") == 502
    assert f'ServiceBackend "everywhere-{namespace}": every pod of the mesh that calls the Service' in preview
    assert f'ServiceBackend "here-{namespace}"' not in preview
