"""HTTP through the gateway: hosts and paths, one program with several HttpbinIngress side by side."""

import json

import pytest

from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress, WorkloadKind

ns = pulumi.Config().require("namespace")
image = {"image": "lab.local/go-httpbin:1"}
hello = {"kind": WorkloadKind.HELLOWORLD, "image": "lab.local/helloworld:1"}

httpbin = HttpbinIngress("bin", {"namespace": ns, "hosts": [f"bin.{ns}.example.com"], "workload": image})
backend = {"service": httpbin.service, "port": httpbin.service_port}
HttpbinIngress("any", {"namespace": ns, "hosts": ["*"], "routes": [{"prefix": "/headers"}], "backend": backend})
HttpbinIngress("whole", {"namespace": ns, "hosts": [f"whole.{ns}.example.com"], "backend": backend})
HttpbinIngress("many", {
    "namespace": ns,
    "hosts": [f"one.{ns}.example.com", f"two.{ns}.example.com", f"*.many.{ns}.example.com"],
    "routes": [
        {"exact": "/anything/exact"},
        {"prefix": "/status/20"},
        {"exact": "/hello", "service": "first", "port": 5000},
    ],
    "backend": backend,
})
first = HttpbinIngress("first", {
    "namespace": ns, "hosts": [f"first.{ns}.example.com"], "routes": [{"exact": "/hello"}],
    "workload": hello | {"name": "first"},
})
if not pulumi.Config().get_bool("without_second"):
    HttpbinIngress("second", {
        "namespace": ns, "hosts": [f"second.{ns}.example.com"], "routes": [{"exact": "/hello"}], "workload": hello,
    })
HttpbinIngress("deployed", {
    "namespace": ns,
    "hosts": [f"deployed.{ns}.example.com"],
    "routes": [{"prefix": pulumi.Config().get("deployed_prefix") or "/hello"}],
    "backend": {"service": f"standing.{ns}-b.svc.cluster.local", "port": 80},
})
pulumi.export("hosts", httpbin.hosts)
"""


@pytest.fixture(scope="module")
def standing(namespace):
    """A Service that somebody else deployed, in another namespace."""
    elsewhere = f"{namespace}-b"
    kubectl("create", "namespace", elsewhere)
    kubectl("create", "deployment", "standing", "-n", elsewhere, "--image=lab.local/helloworld:1")
    kubectl("expose", "deployment", "standing", "-n", elsewhere, "--port=80", "--target-port=5000")
    yield f"standing.{elsewhere}"
    kubectl("delete", "namespace", elsewhere, "--wait=false")


@pytest.fixture(scope="module")
def stack(new_stack, namespace, standing):
    stack = new_stack(PROGRAM)
    stack.up(namespace=namespace)
    return stack


@pytest.fixture(scope="module")
def get(stack, requests, namespace):
    """Sends a request to one of the module's hosts, once the gateway knows the stack."""
    paths = {"bin": "/status/200", "whole": "/", "first": "/hello", "second": "/hello", "deployed": "/hello"}
    for host, path in paths.items():
        eventually(lambda: requests.http(f"{host}.{namespace}.example.com", path), lambda answer: answer.status == 200)  # noqa: B023
    return lambda host, path: requests.http(f"{host}.{namespace}.example.com", path)


def test_a_backend_of_ones_own_gets_every_path_and_the_demo_its_own(get):
    assert [get("whole", path).status for path in ("/", "/headers", "/anything/x", "/status/418")] == [
        200,
        200,
        200,
        418,
    ]
    assert [get("bin", path).status for path in ("/", "/headers", "/anything/x", "/status/418")] == [404, 404, 404, 418]


def test_a_path_that_is_routed_is_answered(get):
    answer = get("bin", "/status/200")
    assert (answer.status, answer.protocol) == (200, "HTTP/1.1")
    assert get("bin", "/status/503").status == 503
    assert get("bin", "/delay/0").status == 200


def test_any_other_path_is_not_found(get):
    assert [get("bin", path).status for path in ("/headers", "/", "/statu", "/x/status/200")] == [404] * 4


def test_an_unknown_host_is_not_found(get):
    assert get("nobody", "/status/200").status == 404
    assert get("x.bin", "/status/200").status == 404


def test_any_host_reaches_what_is_routed_for_all(get):
    for host in ("nobody", "x.nobody"):
        answer = get(host, "/headers")
        assert answer.status == 200
        assert json.loads(answer.body)["headers"]["Host"][0].startswith(f"{host}.")
        assert get(host, "/status/200").status == 404


def test_a_host_with_routes_of_its_own_follows_them_alone(get):
    assert get("bin", "/headers").status == 404


def test_every_host_of_many_is_served_alike(get):
    for host in ("one", "two", "x.many", "y.x.many"):
        assert (host, get(host, "/status/200").status) == (host, 200)
    assert get("many", "/status/200").status == 404


def test_an_exact_path_is_that_path_and_a_prefix_all_that_begin_with_it(get):
    assert get("one", "/anything/exact").status == 200
    others = ("/anything/exact/", "/anything/exact/x", "/anything/exactly", "/anything")
    assert [get("one", path).status for path in others] == [404] * 4
    assert [get("one", path).status for path in ("/status/200", "/status/202")] == [200, 202]
    assert [get("one", path).status for path in ("/status/500", "/status/2")] == [404, 404]


def test_a_route_may_name_its_own_service(get):
    assert "instance: first" in get("one", "/hello").body


def test_two_instances_answer_with_their_own_workloads(get):
    assert "instance: first-" in get("first", "/hello").body
    assert "instance: second-" in get("second", "/hello").body


def test_a_backend_that_is_deployed_already_answers(get, stack):
    assert "instance: standing-" in get("deployed", "/hello").body
    state = json.loads(stack.pulumi("stack", "export"))["deployment"]["resources"]
    workloads = {r["urn"].rsplit("::", 1)[1] for r in state if r["type"].endswith((":Deployment", ":Service"))}
    assert workloads == {"bin", "first", "second"}


def test_a_second_update_changes_nothing(get, stack):
    assert stack.planned() == {}


def test_a_changed_route_plans_one_virtual_service(get, stack):
    assert stack.planned(deployed_prefix="/hell") == {"update": ["deployed-routes"]}


def test_an_instance_that_leaves_the_program_leaves_the_cluster(get, stack, namespace):
    stack.up(without_second=True)
    eventually(lambda: get("second", "/hello"), lambda answer: answer.status == 404)
    left = kubectl("get", "gateways,virtualservices,deployments,services", "-n", namespace, "-o", "name").split()
    assert [name for name in left if "second" in name] == []
    assert "instance: first-" in get("first", "/hello").body
