"""Hosts that are no URLs, and the origins that browsers send."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, route
from tests.unit.rules.shop import rule_names, shop


@pytest.mark.parametrize("key", ["redirect", "rewrite"])
@pytest.mark.parametrize(
    ("authority", "is_told"),
    [
        ("https://www.shop.example", True),
        ("http://", True),
        ("www.shop.example:8443", False),
        ("www.shop.example", False),
        (UNKNOWN, False),
        (None, False),
    ],
)
def test_an_authority_is_a_host(key, authority, is_told):
    action = {} if key == "redirect" else route("cart")
    old = {"match": [{"uri": {"exact": "/old"}}]}
    found = rule_names(shop({**action, **old, key: {"authority": authority, "uri": "/"}}))

    assert found == (["authority-with-scheme"] if is_told else [])


def test_it_is_said_where_the_scheme_belongs():
    (finding,) = check(shop({"redirect": {"authority": "https://www.shop.example"}}))

    assert finding.remedy == "Write www.shop.example, and scheme: https."


def allowing(**policy):
    return shop({**route("cart"), "corsPolicy": policy})


@pytest.mark.parametrize(
    ("origin", "remedy"),
    [
        ({"exact": "https://shop.example"}, ""),
        ({"exact": "http://localhost:3000"}, ""),
        ({"exact": "capacitor://localhost"}, ""),
        ({"exact": "*"}, ""),
        ({"exact": "null"}, ""),
        ({"prefix": "https://shop."}, ""),
        ({"prefix": "http"}, ""),
        ({"regex": ".*"}, ""),
        ({"regex": r"https://.*\.shop\.example"}, ""),
        ({"exact": UNKNOWN}, ""),
        ({"exact": "https://*.shop.example"}, r"Write a regex, such as https://.*\.shop\.example."),
        ({"prefix": "https://*.shop."}, r"Write a regex, such as https://.*\.shop\.example."),
        ({"exact": "shop.example"}, "Write https://shop.example."),
        ({"exact": "https://shop.example/"}, "Write https://shop.example."),
        ({"exact": "https://shop.example:8443/cart"}, "Write https://shop.example:8443."),
    ],
)
def test_an_origin_is_a_scheme_and_a_host(origin, remedy):
    found = [(finding.rule, finding.remedy) for finding in check(allowing(allowOrigins=[origin]))]

    assert found == ([("cors-origin-impossible", remedy)] if remedy else [])


def test_origins_in_the_field_of_old_are_whole():
    (finding,) = check(allowing(allowOrigin=["*", "https://shop.example", "shop.example"]))

    assert finding.path.endswith("corsPolicy.allowOrigin[2]")
