"""Hosts as Istio completes and compares them."""

from tests.unit.rules.build import check, gateway, http, https, names, virtual_service
from tests.unit.rules.shop import rule_names


def test_a_short_host_is_completed_for_the_virtualservice_only():
    local = gateway("shop", http("localhost"))
    full = gateway("shop", http("cart.shop.svc.cluster.local"))

    refused, unbound = check(local, virtual_service("shop", "localhost"))
    assert refused.rule == "gateway-host-incomplete"
    assert "'localhost' (to Istio 'localhost.shop.svc.cluster.local')" in unbound.message
    assert names(full, virtual_service("shop", "cart")) == []
    nowhere = [{**one, "metadata": {"name": "shop"}} for one in (full, virtual_service("shop", "cart"))]
    assert names(*nowhere) == []


def test_an_address_of_ipv6_is_refused_on_any_server():
    for server in (https("2001:db8::1", credentialName="shop"), http("2001:db8::1")):
        assert rule_names(gateway("shop", server)) == ["gateway-host-incomplete"]


def test_a_partial_wildcard_is_served_as_istio_compares_it():
    half = virtual_service("shop", "*-web.example")

    assert names(gateway("shop", http("*.example")), half) == []
    assert names(gateway("shop", http("a-web.example")), half) == []
    assert rule_names(gateway("shop", http("web.example")), half) == ["virtualservice-host-unbound"]
    assert rule_names(gateway("shop", http("*-web.example"))) == ["host-invalid"]
