"""The policy pack on the real engine, over stacks that use none of our components."""

import json
import subprocess
import sys

import pytest

from tests.e2e.conftest import kubectl
from tests.e2e.stacks import Stack

ASKED = [sys.executable, "-m", "istio_ingress", "policy-pack"]
PACK = ("--policy-pack", subprocess.run(ASKED, capture_output=True, text=True, check=True).stdout.strip())
PROGRAM = """
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_tls import PrivateKey


def gateway(name, host, **tls):
    server = {{
        "port": {{"number": 443, "name": "https", "protocol": "HTTPS"}},
        "hosts": [host],
        "tls": {{"mode": "SIMPLE", "credentialName": name, **tls}},
    }}
    CustomResource(
        name,
        api_version="networking.istio.io/v1",
        kind="Gateway",
        metadata={{"name": name, "namespace": "{namespace}"}},
        spec={{"selector": {{"istio": "ingressgateway"}}, "servers": [server]}},
    )


{gateways}
"""
CONFLICT = """
gateway("cart", "shop.{namespace}.example")
gateway("till", "shop.{namespace}.example")
"""
GOOD = """
gateway("cart", "cart.{namespace}.example")
gateway("till", "till.{namespace}.example")
"""
OLD_TLS = """
gateway("cart", "cart.{namespace}.example", minProtocolVersion="TLSV1_0", cipherSuites=["ECDHE-RSA-AES128-SHA"])
"""
UNKNOWN_HOST = """
gateway("cart", "shop.{namespace}.example")
gateway("till", PrivateKey("key", algorithm="ED25519").id.apply(lambda _: "shop.{namespace}.example"))
"""


@pytest.fixture(scope="module")
def stack(new_stack):
    return new_stack("")


@pytest.fixture
def write(stack, namespace):
    """Replaces the stack's program."""

    def write(gateways: str) -> None:
        stack.rewrite(PROGRAM.format(namespace=namespace, gateways=gateways.format(namespace=namespace)))

    return write


def test_two_gateways_with_one_host_fail_the_preview_with_the_rule_and_both_sides(stack, write, namespace):
    write(CONFLICT)
    said = stack.fails("preview", *PACK)
    assert "[mandatory]  istio-ingress-errors" in said
    (finding,) = (line for line in said.splitlines() if "host-conflict: " in line)
    assert f"'shop.{namespace}.example' on port 443" in finding
    assert all(f"Gateway {namespace}/{name} spec.servers[0]" in finding for name in ("cart", "till"))
    assert "Traceback" not in said


def test_an_update_of_them_creates_nothing(stack, write, namespace):
    write(CONFLICT)
    assert "host-conflict" in stack.fails("up", "--yes", *PACK)
    assert kubectl("get", "gateways.networking.istio.io", "-n", namespace, "-o", "name") == ""
    assert stack.outputs() == {}


def test_a_good_stack_passes(stack, write):
    write(GOOD)
    assert "✅ istio-ingress@" in stack.preview(*PACK)


def test_a_warning_is_shown_and_does_not_fail(stack, write):
    write(OLD_TLS)
    said = stack.preview(*PACK)
    assert "[advisory]  istio-ingress-warnings" in said
    assert "tls-version-low: " in said


def test_a_rule_is_waived_by_the_packs_configuration(stack, write, tmp_path):
    write(CONFLICT)
    configuration = tmp_path / "policy-config.json"
    configuration.write_text(json.dumps({"istio-ingress-errors": {"waivers": {"host-conflict": "moves next week"}}}))
    assert "host-conflict" not in stack.preview(*PACK, "--policy-pack-config", str(configuration))


def test_the_repositorys_own_stack_has_no_errors(tmp_path):
    stack = Stack.of_this_repository(tmp_path / "stack", "dev")
    said = stack.preview(*PACK)
    assert "istio-ingress@" in said
    assert "[mandatory]" not in said


def test_what_is_known_only_after_the_update_is_judged_then(stack, write):
    write(UNKNOWN_HOST)
    assert "host-conflict" not in stack.preview(*PACK)
    assert "host-conflict" in stack.fails("up", "--yes", *PACK)
