"""Which routes a corsPolicy is for, and who answers its preflights."""

import pytest

from tests.unit.rules.build import names, virtual_service
from tests.unit.rules.shop import prefix, rule_names, shop, to


@pytest.mark.parametrize(
    ("match", "is_told"),
    [
        ({"method": {"exact": "POST"}}, True),
        ({"method": {"regex": "POST|OPTIONS"}}, False),
        ({"headers": {"authorization": {}}}, True),
        ({"headers": {"x-forwarded-proto": {"exact": "https"}}}, False),
        ({"headers": {":authority": {"exact": "shop.example"}}}, False),
        ({"withoutHeaders": {"x-beta": {}}}, False),
    ],
)
def test_a_preflight_is_answered(match, is_told):
    cors = {"corsPolicy": {"allowOrigins": [{"exact": "https://ui.test"}]}}
    wanted = ["cors-preflight-unmatched"] if is_told else []

    assert rule_names(shop(to("cart", prefix("/v1", **match), **cors))) == wanted
    assert names(shop(to("cart", prefix("/v1", **match), **cors), to("site"))) == []


@pytest.mark.parametrize(
    ("action", "is_told"),
    [
        ({"redirect": {"authority": "new.example"}}, True),
        ({"directResponse": {"status": 204}}, True),
        ({"route": [{"destination": {"host": "cart"}}]}, False),
    ],
)
def test_cors_is_for_routes_to_backends(action, is_told):
    policy = {"allowOrigins": [{"exact": "https://shop.example"}], "allowMethods": ["GET"]}
    found = names(virtual_service("shop", "shop.example", http=[{**action, "corsPolicy": policy}]))

    assert found == (["cors-policy-unused: shop/shop"] if is_told else [])
