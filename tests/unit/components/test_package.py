"""The package as other stacks and other languages see it."""

import subprocess
import sys

import pytest
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.util import camel_case

import components

COMPONENTS = [
    components.CertificateAuthority,
    components.HttpbinIngress,
    components.IntermediateAuthority,
    components.MutualTlsGateway,
    components.PassthroughNginx,
    components.TlsGateway,
]


# Described where they are declared; the analyzer reads only the class that inherits them.
INHERITED = {("MutualTlsGateway", camel_case(field)) for field in components.TlsGatewayArgs.__annotations__}


@pytest.fixture(scope="module")
def schema():
    return Analyzer("istio-ingress").analyze(COMPONENTS)


def test_other_languages_can_use_every_component(schema):
    assert set(schema["component_definitions"]) == {component.__name__ for component in COMPONENTS}


def test_every_argument_can_be_left_out(schema):
    required = {
        (name, field)
        for name, component in schema["component_definitions"].items()
        for field, value in component.inputs.items()
        if not value.optional
    }
    assert required == set()


def test_every_type_field_choice_and_output_is_described(schema):
    undescribed = [
        *(name for name, made in schema["type_definitions"].items() if not made.description),
        *(
            f"{name}.{field}"
            for name, made in schema["type_definitions"].items()
            for field, value in made.properties.items()
            if not value.description
        ),
        *(
            f"{name}.{field}"
            for name, component in schema["component_definitions"].items()
            for field, value in (component.inputs | component.outputs).items()
            if not value.description and (name, field) not in INHERITED
        ),
    ]
    assert undescribed == []


def test_everything_exported_is_there_and_nothing_else_is():
    assert all(hasattr(components, name) for name in components.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Teapot'"):
        _ = components.Teapot


def test_a_component_is_imported_when_it_is_asked_for():
    program = (
        "import sys, components; components.CertificateAuthority; "
        "print('components.pki' in sys.modules, 'components.workloads' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]


def test_the_components_import_only_pulumi_the_rules_and_the_standard_library():
    program = (
        "import sys, pulumi, pulumi_kubernetes, pulumi_tls; before = set(sys.modules); import components; "
        "[getattr(components, name) for name in components.__all__]; "
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {"components", "rules", "pulumi", "pulumi_kubernetes", "pulumi_tls"}
