"""Every rule finds its bad example and nothing else, and nothing at all in its good one."""

import pytest

from istio_ingress import rules
from tests.unit.rules.material import NOW, manifests

RULES = [pytest.param(rule, id=rule.id) for rule in rules.all_rules()]


def found(text: str, settings: rules.Settings) -> list[rules.Finding]:
    return rules.check(manifests(text), now=NOW, settings=settings)


@pytest.mark.parametrize("rule", RULES)
def test_the_bad_example_breaks_this_rule_and_no_other(rule):
    findings = found(rule.example.bad, rule.example.settings)

    assert {finding.rule for finding in findings} == {rule.id}
    assert {finding.severity for finding in findings} == {rule.severity}


@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_wrong_with_the_good_example(rule):
    assert found(rule.example.good, rule.example.settings) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_finding_says_where_what_and_what_would_be_right(rule):
    for finding in found(rule.example.bad, rule.example.settings):
        assert finding.kind
        assert finding.name
        assert finding.path
        assert finding.message.endswith(".")
        assert finding.remedy.endswith(".")
        assert finding.source == rule.source


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_documented_in_one_or_two_sentences(rule):
    assert rule.why.endswith(".")
    assert len(rule.why) < 260
    assert rule.source
