"""What is not known, or not walked, is said; never guessed."""

import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.walk import Knowledge
from tests.unit.rules.build import manifest, pods, service, virtual_service
from tests.unit.walk.asking import SHOP, answer, ask, prefix, to


def test_a_gateway_that_is_among_the_manifests_is_not_taken_for_another():
    edge = pods("edge", app="edge", istio="ingressgateway")
    before = service("edge", (80, 8080), namespace="edge", selector={"app": "edge"})
    routes = virtual_service("shop", "shop.example", exportTo=["edge"], http=[to("cart")])
    assert answer(SHOP, edge, before, routes).service == "shop/cart"
    assert answer(SHOP, edge, before, routes, url="http://shop.example:81/").refused == "connection"


def test_several_gateways_that_disagree():
    one, other = pods("one", app="one", istio="ingressgateway"), pods("other", app="other", istio="ingressgateway")
    routes = [
        virtual_service("one", "shop.example", exportTo=["one"], http=[to("cart")]),
        virtual_service("other", "shop.example", exportTo=["other"], http=[to("site")]),
    ]
    assert "it is not known which of them is asked" in ask(SHOP, one, other, *routes).unknown
    assert answer(SHOP, one, other, routes[0]).service == "shop/cart"


@pytest.mark.parametrize(
    ("routes", "url", "unknown"),
    [
        ([to("cart", {"uri": {"prefix": UNKNOWN}})], "/x", "spec.http[0].match[0].uri.prefix is not known yet"),
        ([to("cart", {"uri": {"regex": "/[[:alpha:]]+"}})], "/x", "is one that only the gateway can read"),
        ([to("cart", {"headers": {"x-request-id": {"exact": "1"}}})], "/x", "which the gateway writes itself"),
    ],
)
def test_what_is_not_known_is_said(routes, url, unknown):
    result = ask(SHOP, virtual_service("shop", "shop.example", http=routes), url=f"http://shop.example{url}")
    assert (result.exit_code, result.answers) == (2, ())
    assert unknown in result.unknown


def test_what_is_not_known_and_does_not_matter():
    match = {"headers": {"x-a": {"exact": UNKNOWN}}, **prefix("/other")}
    routes = virtual_service("shop", "shop.example", http=[to("site", match), to("cart")])
    assert answer(SHOP, routes, virtual_service("else", "else.example", http=[to(UNKNOWN)])).service == "shop/cart"


def test_a_service_that_is_declared_elsewhere():
    routes = virtual_service("shop", "shop.example", http=[to("elsewhere")])
    assert answer(SHOP, routes).status == 503
    unknown = ask(SHOP, routes, knowledge=Knowledge(complete=False)).unknown
    assert unknown == "the Service elsewhere.shop.svc.cluster.local is not among what was read"


@pytest.mark.parametrize("kind", ["RequestAuthentication", "EnvoyFilter"])
def test_what_is_not_walked_and_is_for_the_gateway(kind):
    policy = {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "p", "namespace": "istio-system"}, "spec": {}}
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert ask(SHOP, routes, policy).exit_code == 2
    policy["metadata"]["namespace"] = "shop"
    assert ask(SHOP, routes, policy).exit_code == 0


def test_a_host_of_an_ingress_or_of_the_gateway_api():
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    ingress = manifest("Ingress", "i", {"ingressClassName": "istio", "rules": [{"host": "shop.example"}]})
    assert ask(SHOP, routes, ingress).unknown == "Ingress shop/i has routes for shop.example, which are not walked"
    ingress["spec"]["ingressClassName"] = "nginx"
    assert answer(SHOP, routes, ingress).service == "shop/cart"
    http_route = manifest("HTTPRoute", "h", {"hostnames": ["*.shop.example"]})
    assert answer(SHOP, routes, http_route).service == "shop/cart"
    assert ask(SHOP, routes, http_route, url="http://a.shop.example/").exit_code == 2
