"""Objects go where their provider puts what names no namespace."""

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from istio_ingress import HttpbinIngress, MutualTlsGateway, PassthroughNginx, TlsGateway
from istio_ingress.preview import review

COMPONENTS = pytest.mark.parametrize("component", [HttpbinIngress, TlsGateway, MutualTlsGateway, PassthroughNginx])


@pytest.fixture
def declare(declare):
    """Runs a program from its first import on."""
    return lambda program, **config: declare(lambda: review.watch() or (program() and None), **config)


def namespaces(declared):
    """Where the objects are, but for those that stand beside the gateway's pods."""
    kinds = ("Gateway", "VirtualService", "Deployment", "Service", "ConfigMap")
    return {one.manifest["metadata"]["namespace"] for one in declared.resources if one.kind in kinds}


def alpha():
    return kubernetes.Provider("alpha", namespace="alpha", kubeconfig="{}")


def team(**opts):
    return pulumi.ComponentResource("own:index:Team", "team", None, pulumi.ResourceOptions(**opts))


@COMPONENTS
@pytest.mark.parametrize(
    "given",
    [
        lambda provider: {"provider": provider},
        lambda provider: {"providers": [provider]},
        lambda provider: {"providers": {"kubernetes": provider}},
        lambda provider: {
            "parent": pulumi.ComponentResource(
                "own:index:Team", "team", None, pulumi.ResourceOptions(providers=[provider])
            )
        },
    ],
    ids=["provider", "providers", "providers by package", "the parent's"],
)
def test_a_components_objects_go_to_its_providers_namespace(declare, component, given):
    declared = declare(lambda: component("web", {}, pulumi.ResourceOptions(**given(alpha()))))
    assert namespaces(declared) == {"alpha"}


@COMPONENTS
def test_a_namespace_that_is_named_wins(declare, component):
    declared = declare(lambda: component("web", {"namespace": "team"}, pulumi.ResourceOptions(provider=alpha())))
    assert namespaces(declared) == {"team"}


@COMPONENTS
def test_a_provider_without_a_namespace_means_default(declare, component):
    def program():
        component("web", {}, pulumi.ResourceOptions(provider=kubernetes.Provider("plain", kubeconfig="{}")))

    assert namespaces(declare(program)) == {"default"}


def test_a_providers_namespace_may_be_an_output(declare):
    def program():
        provider = kubernetes.Provider("far", namespace=pulumi.Output.from_input("far"), kubeconfig="{}")
        TlsGateway("web", {}, pulumi.ResourceOptions(provider=provider))

    assert namespaces(declare(program)) == {"far"}


def test_the_stacks_own_provider_has_its_namespace_from_the_configuration(declare, monkeypatch):
    configured = pulumi.Config.get
    monkeypatch.setattr(
        pulumi.Config,
        "get",
        lambda self, key, *rest: (
            "team" if (self.name, key) == ("kubernetes", "namespace") else configured(self, key, *rest)
        ),
    )
    assert namespaces(declare(lambda: TlsGateway("web", {}))) == {"team"}


def test_one_from_before_the_first_import_is_asked(declare, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.providers._given", {})
    monkeypatch.setattr("istio_ingress.preview.providers.note", lambda _: None)
    declared = declare(lambda: TlsGateway("web", {}, pulumi.ResourceOptions(provider=alpha())))
    assert namespaces(declared) == {"alpha"}


def test_the_rules_know_it_too(declare):
    def program():
        options = pulumi.ResourceOptions(provider=alpha())
        kubernetes.core.v1.Service("card", metadata={"name": "card"}, spec={"ports": [{"port": 80}]}, opts=options)
        hosts = [{"host": "a.test", "routes": [{"prefix": "/", "service": "cart", "port": 80}]}]
        TlsGateway("web", {"hosts": hosts}, options)

    with pytest.raises(pulumi.RunError, match="There is no Service 'cart' in 'alpha'; there are: card"):
        declare(program)
