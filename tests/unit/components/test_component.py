"""What every component has from its base."""

import pulumi
import pytest

from istio_ingress import TlsGateway
from tests.unit.components.least import least
from tests.unit.components.test_package import COMPONENTS


class Shop(TlsGateway):
    """A component that a program makes from one of ours."""

    address: pulumi.Output[str]


def web(name, component=TlsGateway):
    return component(name, {"hosts": [{"host": "shop.example", "backend": {"service": "cart", "port": 80}}]})


@pytest.mark.parametrize("component", COMPONENTS)
def test_the_outputs_of_a_component_are_registered(declare, component):
    declared = declare(lambda: component("any", least(component)) and None)
    assert declared.registered[f"istio-ingress:index:{component.__name__}", "any"] == set(component.__annotations__)


def test_a_class_that_a_program_makes_from_a_component_keeps_its_token_and_outputs(declare):
    declared = declare(lambda: web("shop", Shop) and None)
    assert declared.registered["istio-ingress:index:TlsGateway", "shop"] == {
        "hosts",
        "ca_certificate",
        "credentials",
        "shared",
    }


def test_the_first_component_of_an_inline_program_begins_the_checks(declare):
    with pytest.raises(pulumi.RunError, match="host-conflict"):
        declare(lambda: {"hosts": [web("one").hosts, web("two").hosts]})
