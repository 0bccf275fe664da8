"""Where a destination leads."""

import pytest

from tests.unit.rules.build import manifest, pods, service, virtual_service
from tests.unit.walk.asking import SHOP, answer, ask, prefix, to


def test_a_destination_without_a_port_takes_the_services_only_one_else_the_listeners_number():
    single, double = service("single", (8000, 8080)), service("double", (8000, 1), (80, 2))
    routes = virtual_service("shop", "shop.example", http=[to("single", prefix("/one")), to("double"), to("none")])
    assert answer(SHOP, single, double, routes, url="http://shop.example/one").port == 8000
    assert answer(SHOP, single, double, routes).port == 80


def test_a_service_without_tcp_ports_has_none_of_them():
    udp = manifest("Service", "cart", {"ports": [{"name": "dns", "port": 8000, "protocol": "UDP"}]})
    target = {"destination": {"host": "cart", "port": {"number": 8000}}}
    steps = ask(SHOP, udp, virtual_service("shop", "shop.example", http=[{"route": [target]}])).steps
    assert steps[-1].says == "has no port 8000 for TCP"


def test_subsets_come_from_the_rule_that_the_gateway_sees():
    rule = manifest(
        "DestinationRule", "cart", {"host": "cart", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}
    )
    target = {"destination": {"host": "cart", "subset": "v1"}}
    routes = virtual_service("shop", "shop.example", http=[{"route": [target]}])
    assert answer(SHOP, rule, routes).subset == "v1"
    capitals = {**rule, "spec": {**rule["spec"], "host": "Cart"}}
    assert answer(SHOP, capitals, routes).status == 503
    private = {**rule, "spec": {**rule["spec"], "exportTo": ["."]}}
    assert answer(SHOP, private, routes).status == 503
    assert answer(SHOP, rule, routes, pods("shop", app="cart", version="v2")).status == 503
    assert answer(SHOP, rule, routes, pods("shop", app="cart", version="v1")).subset == "v1"


@pytest.mark.parametrize("host", ["Cart", "CART.shop.svc.cluster.local"])
def test_a_destination_in_upper_case_is_nobodys(host):
    assert answer(SHOP, virtual_service("shop", "shop.example", http=[to(host)])).status == 503
