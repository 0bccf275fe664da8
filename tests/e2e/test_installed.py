"""The package as a stranger has it: the wheel, in an environment of its own, for a project with folders of its own."""

from dataclasses import replace

import pytest

from tests.e2e.stacks import Stack
from tests.unit.package.environments import CONSTRAINTS, Environment, build

PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import Service

import istio_ingress
from components.hosts import SHOP
from istio_ingress import TlsGateway

Service("cart", metadata={"name": "cart", "namespace": "default"}, spec={"ports": [{"port": 8080}]})
web = TlsGateway("web", {"hosts": [{"host": SHOP, "backend": {"service": "cart", "port": 8080}}]})
pulumi.export("hosts", web.hosts)
pulumi.export("package", istio_ingress.__file__)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment with the wheel and what it asks for, as pip finds it."""
    directory = tmp_path_factory.mktemp("stranger")
    environment = Environment.create(directory / "environment")
    wheel = build("wheel", directory / "wheel")
    environment.pip("install", "--quiet", *CONSTRAINTS, str(wheel))
    return environment


@pytest.fixture
def project(installed, tmp_path):
    """A project whose programs run in that environment."""
    stack = Stack.create(tmp_path / "platform", PROGRAM, project="platform")
    components = stack.directory / "components"
    components.mkdir()
    (components / "hosts.py").write_text('SHOP = "shop.stranger.example"\n')
    return replace(stack, environment=installed.activated(stack.environment))


def test_a_program_is_previewed(installed, project):
    planned = project.planned()
    assert set(planned) == {"create"}
    assert {"cart", "web", "web-gateway"} <= set(planned["create"])
    said = project.preview()
    assert '"shop.stranger.example"' in said
    assert f'"{installed.site_packages / "istio_ingress" / "__init__.py"}"' in said


def test_what_stands_between_the_import_and_the_first_component_is_judged(project):
    project.rewrite(PROGRAM.replace('"port": 8080}]})\n', '"port": 80}]})\n', 1))
    assert "route-port-missing: VirtualService default/web-tls-shop-stranger-example" in project.refused()
