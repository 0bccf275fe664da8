"""A Service that may come with something that nobody sees into is no mistake; one that cannot is."""

import logging

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from istio_ingress import TlsGateway
from istio_ingress.preview import review

CART = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {ports: [{port: 80}]}\n"


def web(service="cart", namespace="shop", **opts):
    """A route to a Service that the program does not declare, beside one that it does."""
    routes = [{"prefix": "/", "service": service, "port": 80}]
    hosts = [{"host": "cart.test", "routes": routes}, {"host": "bin.test"}]
    TlsGateway("web", {"namespace": namespace, "hosts": hosts}, pulumi.ResourceOptions(**opts))


class Remote(pulumi.ComponentResource):
    """A component that the engine makes, as a package in another language does."""

    def __init__(self, name, props=None, opts=None):
        super().__init__("other:index:Remote", name, props or {}, opts, remote=True)


@pytest.fixture
def declare(declare, caplog):
    """Runs a program from its first import on; what it says of what is not judged."""
    caplog.set_level(logging.INFO)

    def run(program, **config):
        declare(lambda: review.watch() or (program() and None), **config)
        return [record.getMessage() for record in caplog.records if record.getMessage().startswith("Not judged")]

    return run


BRINGERS = {
    "Helm release": lambda: kubernetes.helm.v3.Release("cart", chart="cart", namespace="shop"),
    "Helm release in a namespace that is known later": lambda: kubernetes.helm.v3.Release(
        "cart", chart="cart", namespace=kubernetes.core.v1.Namespace("far").metadata["name"].apply(lambda _: "shop")
    ),
    "chart": lambda: kubernetes.helm.v4.Chart("cart", chart="cart", namespace="shop"),
    "manifests as text": lambda: kubernetes.yaml.v2.ConfigGroup("cart", yaml=CART),
    "manifests as an Output": lambda: kubernetes.yaml.v2.ConfigGroup("cart", yaml=pulumi.Output.from_input(CART)),
    "manifests as objects": lambda: kubernetes.yaml.v2.ConfigGroup(
        "cart", objs=[{"kind": "Service", "metadata": {"namespace": "shop"}}]
    ),
    "manifests in a file": lambda: kubernetes.yaml.v2.ConfigFile("cart", file="cart.yaml"),
    "kustomization": lambda: kubernetes.kustomize.v2.Directory("cart", directory="cart"),
    "remote component": lambda: Remote("cart"),
}


@pytest.mark.parametrize("bring", BRINGERS.values(), ids=BRINGERS)
@pytest.mark.parametrize("order", [1, -1], ids=["before", "after"])
def test_what_may_bring_the_service_is_named_once_and_nothing_stops(declare, bring, order):
    (said,) = declare(lambda: [make() for make in [bring, web][::order]])
    first, *lines = said.splitlines()
    assert first.startswith("Not judged, as nobody sees what is made by ")
    assert '"cart":' in first
    (line,) = lines
    assert line.startswith("route-service-missing: VirtualService shop/web-tls-cart-test")


NO_BRINGERS = {
    "a release in another namespace": lambda: kubernetes.helm.v3.Release("cart", chart="cart", namespace="blog"),
    "a release in the default namespace": lambda: kubernetes.helm.v3.Release("cart", chart="cart"),
    "a chart in another namespace": lambda: kubernetes.helm.v4.Chart("cart", chart="cart", namespace="blog"),
    "manifests of another namespace": lambda: kubernetes.yaml.v2.ConfigGroup("cart", yaml=CART.replace("shop", "blog")),
    "manifests that name none": lambda: kubernetes.yaml.v2.ConfigGroup(
        "cart", yaml=CART.replace(", namespace: shop", "")
    ),
    "manifests that the program opens": lambda: kubernetes.yaml.ConfigGroup("cart", yaml=CART.replace("cart", "card")),
    "a component of the program": lambda: pulumi.ComponentResource("own:index:Cart", "cart"),
    "a provider of another cluster": lambda: kubernetes.helm.v3.Release(
        "cart",
        chart="cart",
        namespace="shop",
        opts=pulumi.ResourceOptions(provider=kubernetes.Provider("other", kubeconfig="{}")),
    ),
    "nothing": lambda: None,
}


@pytest.mark.parametrize("bring", NO_BRINGERS.values(), ids=NO_BRINGERS)
def test_a_service_that_nothing_can_bring_is_missing(declare, bring):
    with pytest.raises(pulumi.RunError, match="There is no Service 'cart' in 'shop'"):
        declare(lambda: [bring(), web()])


def test_what_is_wrong_by_itself_is_an_error_whatever_may_come(declare):
    def program():
        kubernetes.core.v1.Service(
            "cart", metadata={"name": "cart", "namespace": "shop"}, spec={"ports": [{"port": 80}]}
        )
        Remote("cart")
        web("cart.shop")

    with pytest.raises(pulumi.RunError, match=r"'cart.shop' has a dot"):
        declare(program)


def test_a_gateway_may_come_with_a_release_too(declare):
    def program():
        kubernetes.helm.v3.Release("edge", chart="edge", namespace="shop")
        kubernetes.yaml.ConfigGroup("cart", yaml=CART)
        web()
        kubernetes.apiextensions.CustomResource(
            "site",
            api_version="networking.istio.io/v1",
            kind="VirtualService",
            metadata={"name": "site", "namespace": "shop"},
            spec={
                "hosts": ["site.test"],
                "gateways": ["edge"],
                "http": [{"directResponse": {"status": 200}}],
            },
        )

    (said,) = declare(program)
    assert "virtualservice-gateway-missing: VirtualService shop/site" in said
