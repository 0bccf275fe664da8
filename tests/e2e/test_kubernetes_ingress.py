"""HttpbinIngress with a Kubernetes Ingress that Istio's gateway serves."""

import json

import pytest

from istio_ingress.requests.untrusted_ca import untrusted_ca_certificate
from tests.e2e.conftest import eventually, kubectl
from tests.unit.certificates import Authority

PROGRAM = """
import pulumi
from istio_ingress import Entry, HttpbinIngress

ns = pulumi.Config().require("namespace")
routes = [
    {"exact": "/anything/exact"},
    {"prefix": "/anything/pre"},
    {"path": "/anything/only"},
    {"path": "/anything/slash/*"},
    {"path": "/anything/dot.*"},
]
httpbin = HttpbinIngress("class", {
    "namespace": ns, "hosts": [f"class.{ns}.example.com"], "entry": Entry.INGRESS_CLASS, "routes": routes,
    "workload": {"name": "httpbin", "image": "lab.local/go-httpbin:1"},
})
for name, args in {
    "annotation": {"entry": Entry.INGRESS_ANNOTATION, "routes": routes},
    "default": {"entry": Entry.INGRESS_CLASS},
    "shared": {"entry": Entry.INGRESS_CLASS, "ingress_class": f"{ns}-ours"},
    "foreign": {"entry": Entry.INGRESS_CLASS, "ingress_class": f"{ns}-foreign"},
    "absent": {"entry": Entry.INGRESS_CLASS, "ingress_class": f"{ns}-absent"},
    "tls": {"entry": Entry.INGRESS_CLASS, "tls_secret": f"{ns}-at-the-gateway"},
    "misplaced": {"entry": Entry.INGRESS_CLASS, "tls_secret": f"{ns}-elsewhere"},
}.items():
    HttpbinIngress(name, {
        "namespace": ns, "hosts": [f"{name}.{ns}.example.com"],
        "backend": {"service": httpbin.service, "port": httpbin.service_port},
        **args,
    })
HttpbinIngress("any", {
    "namespace": ns, "hosts": ["*"], "entry": Entry.INGRESS_CLASS, "routes": [{"exact": f"/anything/{ns}"}],
    "backend": {"service": httpbin.service, "port": httpbin.service_port},
})
"""
AUTHORITY = Authority("ingress")


@pytest.fixture(scope="module")
def classes(namespace):
    """IngressClasses that somebody else made: one of Istio's and one of another controller's."""
    controllers = {f"{namespace}-ours": "istio.io/ingress-controller", f"{namespace}-foreign": "example.com/other"}
    for name, controller in controllers.items():
        manifest = {"metadata": {"name": name}, "spec": {"controller": controller}}
        kubectl(
            "create",
            "-f",
            "-",
            stdin=json.dumps({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass"} | manifest),
        )
    yield
    kubectl("delete", "ingressclass", *controllers)


@pytest.fixture(scope="module")
def secrets(namespace, tmp_path_factory):
    """A key and certificate where the gateway's pods run, and others in the Ingress's own namespace."""
    directory = tmp_path_factory.mktemp("secrets")
    places = {
        "tls": (f"{namespace}-at-the-gateway", "istio-system"),
        "misplaced": (f"{namespace}-elsewhere", namespace),
    }
    for host, (name, where) in places.items():
        pair = AUTHORITY.issue(f"{host}.{namespace}.example.com")
        (directory / "tls.crt").write_text(pair.certificate)
        (directory / "tls.key").write_text(pair.key)
        files = (f"--cert={directory / 'tls.crt'}", f"--key={directory / 'tls.key'}")
        kubectl("create", "secret", "tls", name, "-n", where, *files)
    yield
    kubectl("delete", "secret", places["tls"][0], "-n", "istio-system")


@pytest.fixture(scope="module")
def stack(new_stack, namespace, classes, secrets):
    stack = new_stack(PROGRAM)
    stack.up(namespace=namespace)
    return stack


@pytest.fixture(scope="module")
def get(stack, requests, namespace):
    """The status of a path on one of the module's hosts, once the gateway knows them all."""

    def status(host, path):
        return requests.http(f"{host}.{namespace}.example.com", path).status

    eventually(lambda: status("nobody", f"/anything/{namespace}"), lambda seen: seen == 200)
    return status


@pytest.mark.parametrize("form", ["class", "annotation"])
def test_an_exact_path_is_that_path(get, form):
    assert get(form, "/anything/exact") == 200
    assert [get(form, path) for path in ("/anything/exact/", "/anything/exact/x", "/anything/exactly")] == [404] * 3


@pytest.mark.parametrize("form", ["class", "annotation"])
def test_a_prefix_goes_by_whole_segments(get, form):
    assert [get(form, path) for path in ("/anything/pre", "/anything/pre/", "/anything/pre/x")] == [200] * 3
    assert [get(form, path) for path in ("/anything/prex", "/anything")] == [404] * 2


@pytest.mark.parametrize("form", ["class", "annotation"])
def test_an_implementation_specific_path_is_exact(get, form):
    assert get(form, "/anything/only") == 200
    assert [get(form, path) for path in ("/anything/only/", "/anything/only/x", "/anything/onlyx")] == [404] * 3


@pytest.mark.parametrize("form", ["class", "annotation"])
@pytest.mark.parametrize("path", ["/anything/slash", "/anything/dot"])
def test_one_that_ends_in_a_star_goes_by_whole_segments(get, form, path):
    assert [get(form, path), get(form, f"{path}/"), get(form, f"{path}/x")] == [200] * 3
    assert [get(form, f"{path}x"), get(form, path[:-1])] == [404] * 2


def test_with_no_routes_every_path_goes_to_the_backend(get):
    assert [get("default", path) for path in ("/status/200", "/status/418", "/headers")] == [200, 418, 200]
    assert get("annotation", "/headers") == 404


def test_a_class_that_stands_already_is_used(get):
    assert get("shared", "/status/200") == 200


def test_an_ingress_for_any_host_and_an_unknown_host_elsewhere(get, namespace):
    assert get("nobody", f"/anything/{namespace}") == 200
    assert get("nobody", "/status/200") == 404


@pytest.mark.parametrize("host", ["foreign", "absent"])
def test_a_class_that_is_not_istios_is_not_served(get, host):
    assert get(host, "/status/200") == 404


def test_tls_comes_from_a_secret_in_the_gateways_namespace(get, requests, namespace):
    host = f"tls.{namespace}.example.com"
    answer = requests.https(host, "/status/418", ca=AUTHORITY.certificate)
    assert (answer.status, answer.protocol) == (418, "HTTP/2")
    assert get("tls", "/status/418") == 418
    assert "CERTIFICATE_VERIFY_FAILED" in requests.https(host, "/", ca=untrusted_ca_certificate()).refused


def test_a_secret_in_the_ingresss_own_namespace_serves_nobody(get, requests, namespace):
    refused = requests.https(f"misplaced.{namespace}.example.com", "/status/418", ca=AUTHORITY.certificate).refused
    assert refused
    assert "CERTIFICATE_VERIFY_FAILED" not in refused
    assert get("misplaced", "/status/418") == 418


def test_a_second_update_changes_nothing(get, stack):
    assert stack.planned() == {}


def test_destroyed_it_leaves_no_ingress_and_no_class(get, stack, namespace):
    ours = {f"ingressclass.networking.k8s.io/{namespace}-{name}" for name in ("ours", "foreign")}
    assert len(kubectl("get", "ingress", "-n", namespace, "-o", "name").split()) == 9
    before = set(kubectl("get", "ingressclass", "-o", "name").split())
    assert ours < before
    stack.destroy()
    eventually(lambda: get("class", "/anything/exact"), lambda status: status != 200)
    assert kubectl("get", "ingress,deployments,services", "-n", namespace, "-o", "name").split() == []
    left = set(kubectl("get", "ingressclass", "-o", "name").split())
    assert ours <= left
    assert len(before - left) == 5
