"""Mistakes end a preview, and an update without one, before anything exists; a waiver lets one pass and shows why."""

import json

import pytest

from tests.e2e.conftest import kubectl
from tests.e2e.stacks import Stack

HEADER = """
import pulumi
import pulumi_kubernetes as kubernetes

from istio_ingress import HttpbinIngress, TlsGateway

def raw(name, host, credential):
    kubernetes.apiextensions.CustomResource(
        name,
        api_version="networking.istio.io/v1",
        kind="Gateway",
        metadata={"namespace": "NAMESPACE", "name": name},
        spec={
            "selector": {"istio": "ingressgateway"},
            "servers": [{
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": [host],
                "tls": {"mode": "SIMPLE", "credentialName": credential},
            }],
        },
    )

def hosts(*names):
    return [{"host": name, "backend": {"service": "cart", "port": 80}} for name in names]
"""
MISTAKEN = """
kubernetes.core.v1.Service(
    "cart",
    metadata={"namespace": "NAMESPACE", "name": "cart"},
    spec={"ports": [{"port": 8080}], "selector": {"app": "cart"}},
)
raw("first", "a.refused.test", "NAMESPACE/first")
TlsGateway("one", {"namespace": "NAMESPACE", "hosts": hosts("a.refused.test", "b.refused.test")})
TlsGateway("two", {"namespace": "NAMESPACE", "hosts": hosts("b.refused.test")})
raw("last", "a.refused.test", "last")
"""
MISTAKES = [
    ("host-conflict", "Gateway NAMESPACE/one-tls"),
    ("host-conflict", "Gateway NAMESPACE/two-tls"),
    ("host-conflict", "Gateway NAMESPACE/last"),
    ("credential-name-qualified", "Gateway NAMESPACE/first"),
    ("route-port-missing", "VirtualService NAMESPACE/one-tls-a-refused-test"),
]
CONFLICT = """
TlsGateway("one", {"namespace": "NAMESPACE", "hosts": hosts("c.refused.test")})
raw("second", "c.refused.test", "second")
"""


@pytest.fixture(scope="module")
def program(namespace):
    """The text of a program in the module's namespace."""
    return lambda text: (HEADER + text).replace("NAMESPACE", namespace)


def in_the_cluster(namespace):
    kinds = "gateways.networking.istio.io,virtualservices.networking.istio.io,services,secrets,deployments"
    return kubectl("get", kinds, "-n", namespace, "-o", "name").split()


@pytest.mark.sdk
@pytest.mark.parametrize("command", [("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")], ids=" ".join)
def test_all_mistakes_are_named_and_nothing_is_created(new_stack, program, namespace, command):
    stack = new_stack(program(MISTAKEN))
    printed = stack.fails(*command)
    for rule, resource in MISTAKES:
        assert f"{rule}: {resource.replace('NAMESPACE', namespace)}" in printed
    assert "Traceback" not in printed
    assert "istio_ingress/" not in printed
    assert in_the_cluster(namespace) == []
    resources = json.loads(stack.pulumi("stack", "export")).get("deployment", {}).get("resources") or []
    assert [r["type"] for r in resources if not r["type"].startswith("pulumi:")] == []


def test_a_waived_mistake_passes_and_the_preview_shows_why(new_stack, program):
    stack = new_stack(program(CONFLICT))
    assert "host-conflict" in stack.fails("preview")
    stack.pulumi("config", "set", "--path", 'istio-ingress:waivers["host-conflict"]', "moves out on Friday")
    assert "waived, because moves out on Friday: host-conflict: Gateway" in stack.preview()


def test_a_certificate_is_judged_when_it_is_issued_and_the_gateway_that_names_it_waits(new_stack, program, namespace):
    text = f"""
import pulumi_tls as tls
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P224")
certificate = tls.SelfSignedCert("certificate", private_key_pem=key.private_key_pem, dns_names=["d.refused.test"],
    allowed_uses=["server_auth"], validity_period_hours=24 * 90)
kubernetes.core.v1.Secret("weak", metadata={{"namespace": "istio-system", "name": "weak-{namespace}"}},
    string_data={{"tls.crt": certificate.cert_pem, "tls.key": key.private_key_pem}})
raw("weak", "d.refused.test", "weak-{namespace}")
"""
    stack = new_stack(program(text))
    stack.preview()
    printed = stack.fails("up", "--yes", "--skip-preview")
    assert f"certificate-key-refused: Secret istio-system/weak-{namespace}" in printed
    assert "PRIVATE KEY" not in printed
    assert "Traceback" not in printed
    assert in_the_cluster(namespace) == []


def test_a_program_that_fails_says_its_own_error_and_creates_nothing(new_stack, program, namespace):
    text = """
TlsGateway("one", {"namespace": "NAMESPACE", "hosts": hosts("e.refused.test")})
TlsGateway("two", {"namespace": "NAMESPACE", "hosts": []})
"""
    printed = new_stack(program(text)).fails("up", "--yes", "--skip-preview")
    assert 'TlsGateway "two": hosts is [], but must be' in printed
    assert in_the_cluster(namespace) == []


def test_the_error_of_a_program_that_breaks_keeps_its_traceback(new_stack, program):
    printed = new_stack(program('TlsGateway("one", {})\n{}["missing"]\n')).fails("preview")
    assert "KeyError: 'missing'" in printed
    assert "__main__.py" in printed


def test_a_call_that_waits_in_the_middle_of_a_program_lets_the_preview_judge_all_of_it(new_stack, program):
    text = """
TlsGateway("one", {"namespace": "NAMESPACE", "hosts": hosts("f.refused.test")})
pulumi.runtime.register_resource_transform(lambda args: None)
raw("second", "f.refused.test", "second")
"""
    assert "host-conflict: Gateway" in new_stack(program(text)).fails("preview")


def test_a_clean_program_has_no_finding(new_stack, program):
    printed = new_stack(program('TlsGateway("one", {"namespace": "NAMESPACE"})\n')).preview()
    assert "warning" not in printed
    assert "waived" not in printed


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_the_repositorys_own_stacks_have_no_finding(tmp_path, name):
    printed = Stack.of_this_repository(tmp_path, name).preview()
    assert "warning" not in printed
    assert "waived" not in printed
