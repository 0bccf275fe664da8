"""Resource options that are given to a component, each with every component."""

import re
from pathlib import Path

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_kubernetes.core.v1 import Namespace

from istio_ingress import (
    CertificateAuthority,
    Entry,
    HttpbinIngress,
    IntermediateAuthority,
    MutualTlsGateway,
    PassthroughNginx,
    SecretFormat,
    TlsGateway,
)

COMPONENTS = {
    "HttpbinIngress": lambda opts: HttpbinIngress("it", {"entry": Entry.INGRESS_CLASS}, opts),
    "TlsGateway": lambda opts: TlsGateway("it", {}, opts),
    "MutualTlsGateway": lambda opts: MutualTlsGateway(
        "it", {"secret_format": SecretFormat.SEPARATE_CA, "clients": [{"name": "phone"}]}, opts
    ),
    "PassthroughNginx": lambda opts: PassthroughNginx("it", {}, opts),
    "CertificateAuthority": lambda opts: CertificateAuthority("it", {}, opts),
    "IntermediateAuthority": lambda opts: IntermediateAuthority("it", {}, opts),
}
PROTECTED = {
    "HttpbinIngress": {
        "HttpbinIngress it",
        "Deployment it",
        "Service it",
        "Ingress it-ingress",
        "IngressClass it-class",
    },
    "TlsGateway": {
        "TlsGateway it",
        "Gateway it-gateway",
        "VirtualService it-httpbin-example-com-routes",
        "Deployment it-httpbin-example-com",
        "Service it-httpbin-example-com",
        "CertificateAuthority it-ca",
        "PrivateKey it-ca-g1-key",
        "Stash it-ca-rollover",
    },
    "MutualTlsGateway": {
        "MutualTlsGateway it",
        "Gateway it-gateway",
        "VirtualService it-mutual-example-com-routes",
        "Deployment it-mutual-example-com",
        "Service it-mutual-example-com",
        "CertificateAuthority it-ca",
        "PrivateKey it-ca-g1-key",
        "Stash it-ca-rollover",
    },
    "PassthroughNginx": {
        "PassthroughNginx it",
        "Gateway it-gateway",
        "VirtualService it-routes",
        "Deployment it",
        "Service it",
        "CertificateAuthority it-ca",
        "PrivateKey it-ca-g1-key",
        "Stash it-ca-rollover",
    },
    "CertificateAuthority": {"CertificateAuthority it", "PrivateKey it-g1-key", "Stash it-rollover"},
    "IntermediateAuthority": {
        "IntermediateAuthority it",
        "PrivateKey it-key",
        "CertRequest it-request",
        "CertificateAuthority it-root",
        "PrivateKey it-root-g1-key",
        "Stash it-root-rollover",
    },
}


@pytest.fixture(params=COMPONENTS)
def component(request):
    """Makes one of the components."""
    return COMPONENTS[request.param]


@pytest.fixture
def with_option(declare, component):
    """What a component declares with an option; the options are made inside of the program."""

    def run(**options):
        return declare(
            lambda: component(pulumi.ResourceOptions(**{key: make() for key, make in options.items()})) and None
        )

    return run


def of_component(declared):
    return [one for one in declared.resources if one.name.startswith("it")]


def namespace():
    return Namespace("theirs", metadata={"name": "theirs"})


HARMLESS = {
    "ignore_changes": lambda: ["spec"],
    "replace_on_changes": lambda: ["spec"],
    "retain_on_delete": lambda: True,
    "deleted_with": namespace,
    "depends_on": lambda: [namespace()],
    "aliases": lambda: [pulumi.Alias(name="before")],
    "custom_timeouts": lambda: pulumi.CustomTimeouts(create="5m"),
}
TOLD = {
    "ignore_changes": lambda request: list(request.ignoreChanges) == ["spec"],
    "replace_on_changes": lambda request: list(request.replaceOnChanges) == ["spec"],
    "retain_on_delete": lambda request: request.retainOnDelete,
    "deleted_with": lambda request: request.deletedWith.endswith("::theirs"),
    "depends_on": lambda request: any(urn.endswith("::theirs") for urn in request.dependencies),
    "aliases": lambda request: [alias.spec.name for alias in request.aliases] == ["before"],
    "custom_timeouts": lambda request: request.customTimeouts.create == "5m",
}


@pytest.mark.parametrize("option", HARMLESS)
def test_an_option_reaches_the_engine_and_changes_nothing_that_is_declared(declare, component, with_option, option):
    plain = of_component(declare(lambda: component(None) and None))
    declared = of_component(with_option(**{option: HARMLESS[option]}))
    assert {(one.type, one.name, one.parent) for one in declared} == {(one.type, one.name, one.parent) for one in plain}
    assert TOLD[option](declared[0].request)


@pytest.mark.parametrize("name", COMPONENTS)
def test_protect_reaches_all_but_what_is_replaced_in_its_ordinary_life(declare, name):
    declared = of_component(declare(lambda: COMPONENTS[name](pulumi.ResourceOptions(protect=True)) and None))
    assert {f"{one.kind} {one.name}" for one in declared if one.request.protect} == PROTECTED[name]


def test_the_program_on_the_page_protects_what_it_says(declare):
    page = (Path(__file__).parents[3] / "docs" / "resource-options.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    declared = declare(lambda: exec(program, {}))
    protects = {one.name: one.request.protect for one in declared.resources}
    assert protects["shop-g1-key"]
    assert protects["shop-gateway"]
    assert not protects["shop-www-shop-example-ecdsa-p256"]


@pytest.mark.parametrize("option", ["provider", "providers"])
def test_a_provider_reaches_every_object(declare, component, option):
    def program():
        given = kubernetes.Provider("east", context="east")
        component(pulumi.ResourceOptions(**{option: given if option == "provider" else [given]}))

    objects = [one for one in of_component(declare(program)) if one.type.startswith("kubernetes:")]
    assert all("::east::" in one.request.provider for one in objects)


def test_a_transformation_sees_every_child(declare, component):
    seen = []

    def note(args):
        seen.append(args.name)

    declared = declare(lambda: component(pulumi.ResourceOptions(transformations=[note])) and None)
    assert set(seen) == {one.name for one in of_component(declared)}
