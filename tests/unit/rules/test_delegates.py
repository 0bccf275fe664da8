"""Routes that stand in a VirtualService of their own."""

import pytest

from tests.unit.rules.build import manifest, names
from tests.unit.rules.shop import PODS, WEB, prefix, rule_names, shop, to


def delegated(*matches, **options):
    return manifest("VirtualService", "team", {"http": [to("cart", *matches)], **options})


def root(*matches):
    return shop({"match": list(matches), "delegate": {"name": "team"}})


@pytest.mark.parametrize(
    ("outer", "inner", "is_joined"),
    [
        (prefix("/team"), prefix("/team/a"), True),
        (prefix("/team"), prefix("/other"), False),
        (prefix("/team"), {"uri": {"exact": "/team"}}, True),
        ({"uri": {"exact": "/team"}}, prefix("/team"), False),
        (prefix("/team"), {"uri": {"regex": "/team/.*"}}, False),
        (prefix("/team"), {"headers": {"x": {"exact": "a"}}}, True),
        (prefix("/team"), prefix("/team", ignoreUriCase=True), False),
        (prefix("/team", port=80), prefix("/team", port=8080), False),
        (prefix("/team", headers={"x": {"exact": "a"}}), prefix("/team", headers={"x": {"exact": "b"}}), False),
        ({}, prefix("/other"), True),
        (prefix("/Team", ignoreUriCase=True), prefix("/team/a", ignoreUriCase=True), False),
        (prefix(""), prefix("/team"), False),
        (prefix("/team", headers={"X": {"exact": "a"}}), prefix("/team", headers={"x": {"exact": "b"}}), True),
        (prefix("/team", sourceLabels={"app": "a"}), prefix("/team", sourceLabels={"app": "b"}), False),
        (prefix("/team", gateways=["shop", "shop/web"]), prefix("/team", gateways=["shop/shop"]), True),
        (prefix("/team", gateways=["shop"]), prefix("/team", gateways=["shop", "./shop"]), False),
    ],
    ids=str,
)
def test_a_delegates_match_lies_within_its_roots(outer, inner, is_joined):
    wanted = [] if is_joined else ["delegate-outside-root: shop/team"]

    assert names(root(outer), delegated(inner)) == wanted


def test_a_delegate_has_no_hosts_and_exists():
    assert rule_names(root(prefix("/team")), delegated(prefix("/team"))) == []
    assert rule_names(root(prefix("/team")), delegated(prefix("/team"), hosts=["cart"])) == ["delegate-with-hosts"]
    assert rule_names(root(prefix("/team"))) == []
    assert rule_names(root(prefix("/team")), WEB, PODS, complete=True) == ["delegate-missing"]


@pytest.mark.parametrize(("exported", "is_seen"), [(["."], False), (["shop"], True), (["*"], True), (["other"], False)])
def test_a_delegate_is_exported_to_its_root(exported, is_seen):
    team = manifest("VirtualService", "team", {"http": [to("cart")], "exportTo": exported}, "team")
    roots = shop({"match": [prefix("/team")], "delegate": {"name": "team", "namespace": "team"}})

    assert rule_names(roots, team) == ([] if is_seen else ["delegate-hidden"])
