"""Waivers and the other settings."""

from datetime import datetime

import pytest

import rules
from tests.unit.rules.build import check, gateway, http, https
from tests.unit.rules.material import NOW

BAD = gateway("shop.example", http("*"))


def test_a_waived_finding_is_still_in_the_list_with_its_reason():
    (finding,) = check(BAD, waivers={"gateway-name": "it is renamed next week"})

    assert finding.rule == "gateway-name"
    assert finding.waived == "it is renamed next week"


def test_a_waiver_of_one_rule_leaves_the_others():
    found = check(gateway("shop.example", https("a.b", mode="")), waivers={"gateway-name": "so"})

    assert [(finding.rule, bool(finding.waived)) for finding in found] == [
        ("gateway-name", True),
        ("tls-mode-missing", False),
    ]


def test_a_waiver_of_no_rule_is_refused_with_the_nearest_one():
    with pytest.raises(ValueError, match="no rule 'gateway-names' to waive; 'gateway-name' is one"):
        check(BAD, waivers={"gateway-names": "typo"})


def test_a_waiver_needs_a_reason():
    with pytest.raises(ValueError, match="the waiver of gateway-name gives no reason"):
        rules.Settings(waivers={"gateway-name": " "})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"expiry_days": -1}, "expiry_days is -1; it must be 0 or more"),
        ({"gateway_namespaces": {"istio": "x"}}, "labels are written key=value"),
        ({"gateway_namespaces": {"": ""}}, "has no namespace for ''"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        rules.Settings(**settings)


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="`now` has no time zone"):
        rules.check([], now=datetime(2026, 1, 1))


def test_what_is_no_mapping_is_no_manifest():
    with pytest.raises(TypeError, match="a manifest is a mapping, not str"):
        rules.check(["kind: Gateway"], now=NOW)


def test_production_is_told_and_not_guessed():
    anything = gateway("shop", http("*"))

    assert check(anything) == []
    assert [finding.rule for finding in check(anything, production=True)] == ["wildcard-host-in-production"]
    assert [finding.rule for finding in check(gateway("shop", http("*/*")), production=True)] != []
    assert check(gateway("shop", http("*.shop.example")), production=True) == []


def test_findings_come_in_the_order_of_the_manifests():
    found = check(gateway("b.b", http("x y")), gateway("a.a", http("a.example")))

    assert [finding.name for finding in found] == ["b.b", "b.b", "a.a"]


def test_rules_can_be_chosen():
    chosen = [rule for rule in rules.all_rules() if rule.id == "host-invalid"]

    assert [finding.rule for finding in rules.check([BAD, gateway("c.c", http("x y"))], now=NOW, only=chosen)] == [
        "host-invalid"
    ]


def test_lists_are_looked_into_and_other_kinds_left_alone():
    inside = {"apiVersion": "v1", "kind": "List", "items": [BAD, {"kind": "Gateway"}]}
    other = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "a.b"}, "spec": {}}

    assert [finding.rule for finding in check(inside, other)] == ["gateway-name"]


def test_two_manifests_with_one_name_are_told_but_the_same_one_twice_is_not():
    one, other = gateway("shop", http("a.example")), gateway("shop", http("b.example"))

    assert [finding.rule for finding in check(one, other)] == ["resource-repeated"]
    assert "resource-repeated" not in [finding.rule for finding in check(one, dict(one))]
