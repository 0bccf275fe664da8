"""What begins with the import of a component, and what does not; each in a Python that has imported nothing yet."""

import subprocess
import sys
from pathlib import Path

import pytest

from istio_ingress.component import Component
from tests.unit.components.test_package import COMPONENTS

ROOT = Path(__file__).parents[3]

# What a program declares beside the components, before the first of them; the host is the component's as well.
PROGRAM = """
import sys

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Service

from tests.unit.components import engine


def program():
    {begin}
    Service("cart", metadata={{"name": "cart", "namespace": "default"}}, spec={{"ports": [{{"port": 8080}}]}})
    CustomResource(
        "own",
        api_version="networking.istio.io/v1",
        kind="Gateway",
        metadata={{"name": "own", "namespace": "default"}},
        spec={{
            "selector": {{"istio": "ingressgateway"}},
            "servers": [
                {{
                    "port": {{"number": 443, "name": "https", "protocol": "HTTPS"}},
                    "hosts": ["cart.shop.example"],
                    "tls": {{"mode": "SIMPLE", "credentialName": "own"}},
                }}
            ],
        }},
    )
    {end}


try:
    engine.declare(program)
except pulumi.RunError as error:
    sys.exit(str(error))
"""
TLS_GATEWAY = (
    'TlsGateway("web", {"hosts": [{"host": "cart.shop.example", "backend": {"service": "cart", "port": 80}}]})'
)


def run(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("from istio_ingress import TlsGateway", TLS_GATEWAY),
        ("from istio_ingress.tls_gateway import TlsGateway", TLS_GATEWAY),
        ("import istio_ingress.tls_gateway", f"istio_ingress.tls_gateway.{TLS_GATEWAY}"),
        ("import istio_ingress; istio_ingress.TlsGateway", f"istio_ingress.{TLS_GATEWAY}"),
        (
            "from istio_ingress.certificate_authority import CertificateAuthority",
            f"from istio_ingress import TlsGateway; {TLS_GATEWAY}",
        ),
    ],
    ids=["from the package", "from its module", "its module", "asked of the package", "another component's module"],
)
def test_what_a_program_declares_between_the_import_and_its_first_component_is_judged(begin, end):
    said = run(PROGRAM.format(begin=begin, end=end)).stderr
    assert "host-conflict: Gateway default/web-tls" in said
    assert "also on Gateway default/own" in said
    assert "route-port-missing: VirtualService default/web-tls-cart-shop-example" in said


def test_a_component_cannot_be_had_without_what_begins_with_it():
    assert all(issubclass(component, Component) for component in COMPONENTS)


@pytest.mark.parametrize("line", ["import istio_ingress", "from istio_ingress import rules"])
def test_an_import_of_no_component_begins_nothing(line):
    said = run(f"import sys; {line}; print(*sorted(sys.modules))").stdout.split()
    assert "istio_ingress" in said
    assert [name for name in said if name.split(".")[0] in {"pulumi", "pulumi_kubernetes", "pulumi_tls"}] == []
    assert not {"istio_ingress.component", "istio_ingress.preview.review", "istio_ingress.sdk.logs"} & set(said)


def test_the_rules_import_nothing_of_the_components():
    program = (
        "import pkgutil, sys; from importlib import import_module; from istio_ingress import rules; "
        "names = {found.name for found in pkgutil.iter_modules(rules.__path__)} - {'command'}; "  # that is the tool's
        "[import_module(f'istio_ingress.rules.{name}') for name in names]; "
        "print(*(name for name in sys.modules if name.startswith(('istio_ingress.', 'pulumi'))))"
    )
    imported = run(program).stdout.split()
    assert len(imported) > 20
    assert {name.split(".")[1] for name in imported} == {"rules", "x509"}
