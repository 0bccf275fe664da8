"""Fields of which Istio's webhook warns when they are applied."""

import pytest

from tests.unit.rules.build import manifest, names, route, virtual_service


def balanced(**hashing):
    return {"loadBalancer": {"consistentHash": {"httpHeaderName": "x-user", **hashing}}}


def rule_of(**spec):
    return manifest("DestinationRule", "cart", {"host": "cart", **spec})


COUNTED = {"outlierDetection": {"consecutiveErrors": 5}}


@pytest.mark.parametrize(
    ("spec", "is_told"),
    [
        ({"trafficPolicy": COUNTED}, True),
        ({"trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, **COUNTED}]}}, True),
        ({"subsets": [{"name": "v1", "trafficPolicy": COUNTED}]}, True),
        ({"trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 5}}}, False),
        ({"trafficPolicy": balanced(minimumRingSize=1024)}, True),
        ({"trafficPolicy": balanced(ringHash={"minimumRingSize": 1024})}, False),
    ],
)
def test_destination_rules(spec, is_told):
    assert names(rule_of(**spec)) == (["destination-rule-deprecated: shop/cart"] if is_told else [])


@pytest.mark.parametrize(
    ("gateway", "is_told"), [("web.shop.svc.cluster.local", True), ("shop/web", False), ("web", False), ("mesh", False)]
)
def test_names_of_gateways(gateway, is_told):
    found = virtual_service("shop", "shop.example", gateways=(gateway,))

    assert names(found) == (["virtualservice-deprecated: shop/shop"] if is_told else [])


@pytest.mark.parametrize(
    ("field", "is_told"),
    [({"mirrorPercent": 10}, True), ({"mirror_percent": 10}, True), ({"mirrorPercentage": {"value": 10}}, False)],
)
def test_shares_that_are_mirrored(field, is_told):
    found = virtual_service("shop", "shop.example", http=[{**route("cart"), "mirror": {"host": "site"}, **field}])

    assert names(found) == (["virtualservice-deprecated: shop/shop"] if is_told else [])
