"""DelegateRoutes: a VirtualService without hosts, and who else may write it."""

import pulumi
import pytest

from istio_ingress import DelegateRoutes, HttpGateway

CART = {"service": "cart", "port": 80}
BOTH = [{**CART, "weight": 90}, {"service": "cart-next", "port": 80, "weight": 10}]


def test_a_route_delegates_to_routes_of_their_own(declare):
    def program():
        cart = DelegateRoutes("cart", {"namespace": "shop", "routes": [{"prefix": "/cart/", "backends": BOTH}]})
        routes = [{"prefix": "/cart/", "delegate": cart.delegate}, {"prefix": "/", **CART}]
        HttpGateway("web", {"hosts": [{"host": "shop.example", "routes": routes}]})
        return {"name": cart.virtual_service}

    declared = declare(program)
    assert declared.manifest("VirtualService", "cart-routes") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {
            "http": [
                {
                    "match": [{"uri": {"prefix": "/cart/"}}],
                    "route": [
                        {"destination": {"host": "cart", "port": {"number": 80}}, "weight": 90},
                        {"destination": {"host": "cart-next", "port": {"number": 80}}, "weight": 10},
                    ],
                }
            ]
        },
    }
    assert "spec.http" not in declared.one("VirtualService", "cart-routes").ignored_changes
    (first, _) = declared.manifest("VirtualService", "web-shop-example-routes")["spec"]["http"]
    assert first == {"match": [{"uri": {"prefix": "/cart/"}}], "delegate": {"name": "cart", "namespace": "shop"}}
    assert declared.outputs == {"name": "cart"}


def test_updates_leave_alone_what_somebody_else_writes(declare):
    args = {"routes": [{"backends": BOTH}], "weights_owner": "flagger", "virtual_service_name": "cart.routes"}
    made = declare(lambda: DelegateRoutes("cart", args) and None).one("VirtualService")
    assert made.manifest["metadata"]["name"] == "cart.routes"
    assert "spec.http" in made.ignored_changes


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "backend is missing, but must be given where a route says nothing of who answers."),
        ({"routes": [{"delegate": {"name": "a"}}]}, "routes[0].delegate is {'name': 'a'}, but must be left out: Istio"),
        ({"backend": CART, "virtual_service_name": "A"}, "virtual_service_name is 'A', but must be a VirtualService's"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            DelegateRoutes("cart", args)
        assert str(refused.value).startswith(f'DelegateRoutes "cart": {sentence}')

    assert declare(program).resources == []
