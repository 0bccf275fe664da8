"""Values of AuthorizationPolicies, in which a star is one."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, manifest


def places(*rules):
    made = manifest("AuthorizationPolicy", "shop", {"rules": list(rules)})
    return [finding.path for finding in check({**made, "apiVersion": "security.istio.io/v1"})]


@pytest.mark.parametrize("key", ["principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals"])
@pytest.mark.parametrize(
    ("value", "is_told"),
    [
        ("*", False),
        ("cluster.local/ns/shop/*", False),
        ("*/sa/cart", False),
        ("cluster.local/ns/*/sa/cart", True),
        ("cluster.local/ns/*/sa/*", True),
        ("*/ns/shop/*", True),
        (UNKNOWN, False),
    ],
)
def test_a_star_inside_a_principal(key, value, is_told):
    place = f"spec.rules[0].from[0].source.{key}[0]"

    assert places({"from": [{"source": {key: [value]}}]}) == ([place] if is_told else [])


@pytest.mark.parametrize(
    ("key", "value", "is_told"),
    [
        ("paths", "/cart/*/items", True),
        ("notPaths", "*/items/*", True),
        ("paths", "/cart/{*}/items", False),
        ("paths", "/cart/{**}", False),
        ("paths", "/cart*", False),
        ("hosts", "*.shop.example", False),
        ("hosts", "shop.*.example", True),
        ("methods", "*", False),
    ],
)
def test_a_star_inside_what_is_asked_for(key, value, is_told):
    place = f"spec.rules[0].to[0].operation.{key}[0]"

    assert places({"to": [{"operation": {key: [value]}}]}) == ([place] if is_told else [])


def test_a_star_in_a_namespace_may_be_anywhere():
    assert places({"from": [{"source": {"namespaces": ["shop-*-eu", "*"]}}]}) == []
