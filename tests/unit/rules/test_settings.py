"""Waivers and the other settings."""

from datetime import datetime

import pytest

from istio_ingress import rules
from istio_ingress.rules import stack_settings
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
        ({"expiry_days": -1}, "expiry_days is -1; it must be from 0 to 36500"),
        ({"expiry_days": 36501}, "expiry_days is 36501; it must be from 0 to 36500"),
        ({"gateway_namespaces": {"istio": "x"}}, "labels are written key=value"),
        ({"istio_version": "latest"}, "istio_version is 'latest'; it must be a release, such as '1.31'"),
        ({"istio_version": "1.9"}, "istio_version is '1.9'; it must be one that the rules know: 1.22 to 1.31"),
        ({"gateway_namespaces": {"": ""}}, "has no namespace for ''"),
        ({"gateway_namespaces": {"": "Istio"}}, "gateway_namespaces has 'Istio', which is no namespace"),
        ({"namespace": "a b"}, "namespace has 'a b', which is no namespace: lower-case letters, digits and - make one"),
        ({"root_namespace": "a.b"}, "root_namespace has 'a.b', which is no namespace"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(settings, said):
    with pytest.raises(ValueError, match=said):
        rules.Settings(**settings)


def test_settings_are_read_from_what_files_and_command_lines_hold():
    typed = {"production": True, "expiry_days": 30, "waivers": {"host-shared": "old"}, "istio_version": "1.29"}
    text = {"production": "True", "expiry_days": "30", "waivers": '{"host-shared": "old"}', "istio_version": 1.29}
    wanted = rules.Settings(production=True, expiry_days=30, waivers={"host-shared": "old"}, istio_version="1.29")

    assert rules.Settings.of(typed) == rules.Settings.of(text) == wanted
    assert rules.Settings.of({"expiry_days": 30.0, "complete": False, "namespace": ""}) == rules.Settings(
        expiry_days=30
    )
    assert rules.Settings.of({"expiry_days": "0"}) == rules.Settings(expiry_days=0)
    assert rules.Settings.of(dict.fromkeys(typed)) == rules.Settings()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"production": "maybe"}, "p is 'maybe'; it must be true or false"),
        ({"expiry_days": "soon"}, "days is 'soon'; it must be a whole number"),
        ({"expiry_days": True}, "days is True; it must be a whole number"),
        ({"expiry_days": -1}, "days is -1; it must be from 0 to 36500"),
        ({"waivers": ["host-shared"]}, "w is not a mapping from rule to reason"),
        ({"waivers": {"host-shared": 1}}, "w is not a mapping from rule to reason"),
        ({"waivers": "host-shared"}, "w is not a mapping from rule to reason"),
        ({"waivers": {"host-shared": ""}}, "w: the waiver of host-shared gives no reason"),
        ({"istio_version": ["1.29"]}, "istio_version is ['1.29']; it must be text"),
        ({"gateway_namespaces": {"": ""}}, "gateway_namespaces has no namespace for ''"),
    ],
)
def test_a_wrong_setting_goes_by_the_name_that_the_person_wrote(told, said):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - compared whole
        rules.Settings.of(told, {"production": "p", "expiry_days": "days", "waivers": "w"})
    assert str(error.value) == said


@pytest.mark.parametrize("key", ["expiry_days", "certificate_due_days"])
def test_a_stack_may_still_call_a_setting_as_it_once_did(key):
    values, spelled = stack_settings.read({key: "-1"}.get)

    with pytest.raises(ValueError, match=f"istio-ingress:{key} is -1"):
        rules.Settings.of(values, spelled)


def test_the_former_name_counts_where_the_project_has_a_default_for_the_new_one():
    assert stack_settings.read({"expiry_days": "21", "certificate_due_days": "7"}.get).values["expiry_days"] == "7"


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="`now` has no time zone"):
        rules.check([], now=datetime(2026, 1, 1))  # noqa: DTZ001


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


@pytest.mark.parametrize(
    ("first", "second", "found"), [(True, True, True), (True, False, False), (False, False, False)]
)
def test_two_owners_of_one_object_are_told_even_where_they_want_the_same(first, second, found):
    one = gateway("shop", http("a.example"))
    manifests = [rules.Manifest(one, "a", owned=first), rules.Manifest(one, "b", owned=second)]

    assert ("resource-repeated" in [finding.rule for finding in check(*manifests)]) == found
