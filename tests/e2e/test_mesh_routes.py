"""HttpbinIngress inside the mesh: pods with a sidecar follow the same rules, pods without one do not."""

import pytest

from tests.e2e.conftest import eventually, kubectl
from tests.e2e.inside import ClientPod

PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress

ns = pulumi.Config().require("namespace")
for name, mesh in {"ruled": {"mesh_hosts": [f"ruled.{ns}.svc.cluster.local"]}, "free": {}}.items():
    HttpbinIngress(name, {
        "namespace": ns,
        "hosts": [f"{name}.{ns}.example.com"],
        "workload": {"name": name, "image": "lab.local/go-httpbin:1"},
        **(mesh if pulumi.Config().require_bool("mesh") else {}),
    })
"""


@pytest.fixture(scope="module")
def outsider(namespace):
    """A pod beside the workloads, without a sidecar."""
    pod = ClientPod.start(namespace)
    pod.wait()
    return pod


@pytest.fixture(scope="module")
def member(namespace):
    """A pod of another namespace, with a sidecar."""
    covered = f"{namespace}-mesh"
    kubectl("create", "namespace", covered)
    kubectl("label", "namespace", covered, "istio-injection=enabled")
    pod = ClientPod.start(covered)
    pod.wait()
    yield pod
    kubectl("delete", "namespace", covered, "--wait=false")


@pytest.fixture(scope="module")
def stack(new_stack, namespace, member, outsider):
    stack = new_stack(PROGRAM)
    stack.up(namespace=namespace, mesh=True)
    return stack


@pytest.fixture(scope="module")
def url(stack, namespace, member):
    """Makes a URL inside the cluster, once the member's sidecar knows the rules."""
    eventually(lambda: member.status(f"http://ruled.{namespace}:8000/headers"), lambda status: status == 404)
    return lambda service, path: f"http://{service}.{namespace}.svc.cluster.local:8000{path}"


def test_the_member_has_a_sidecar_and_the_outsider_none(member, outsider):
    containers = "jsonpath={.spec.containers[*].name} {.spec.initContainers[*].name}"
    for pod, covered in ((member, True), (outsider, False)):
        names = kubectl("get", "pod", "-n", pod.namespace, pod.name, "-o", containers).split()
        assert ("istio-proxy" in names) is covered


def test_a_member_follows_the_rules_of_the_gateway(url, member, requests, namespace):
    for path, status in {"/status/200": 200, "/status/418": 418, "/delay/0": 200, "/headers": 404, "/": 404}.items():
        assert (path, member.status(url("ruled", path))) == (path, status)
        assert (path, requests.http(f"ruled.{namespace}.example.com", path).status) == (path, status)


def test_every_name_of_the_service_follows_them(url, member, namespace):
    for host in (f"ruled.{namespace}", f"ruled.{namespace}.svc"):
        assert member.status(f"http://{host}:8000/status/200") == 200
        assert member.status(f"http://{host}:8000/headers") == 404


def test_the_names_inside_are_not_served_outside(url, requests, namespace):
    assert requests.http(f"ruled.{namespace}.svc.cluster.local", "/status/200").status == 404


def test_a_pod_without_a_sidecar_reaches_every_path(url, outsider):
    assert outsider.status(url("ruled", "/status/200")) == 200
    assert outsider.status(url("ruled", "/headers")) == 200


def test_a_service_without_mesh_hosts_has_no_rules_inside(url, member, requests, namespace):
    assert member.status(url("free", "/headers")) == 200
    assert requests.http(f"free.{namespace}.example.com", "/headers").status == 404


def test_without_mesh_hosts_the_rules_leave_the_mesh_and_stay_at_the_gateway(url, stack, member, requests, namespace):
    assert stack.planned(mesh=False) == {"update": ["ruled-routes"]}
    stack.up(mesh=False)
    eventually(lambda: member.status(url("ruled", "/headers")), lambda status: status == 200)
    assert requests.http(f"ruled.{namespace}.example.com", "/headers").status == 404
    assert requests.http(f"ruled.{namespace}.example.com", "/status/200").status == 200
