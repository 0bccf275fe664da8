"""What the rules call refused, the API server and Istio's webhook refuse, and nothing else."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from istio_ingress import rules
from istio_ingress.rules.catalog import refused_objects, refused_routes, schema
from tests.e2e import admission, mutants

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KINDS = sorted({base["kind"] for base in mutants.BASES})
#: Of each kind, as many as some seconds are enough for; thousands by hand when Istio moves.
MANY = {"VirtualService": 600, "Gateway": 300, "DestinationRule": 300, "ServiceEntry": 300}
A_FEW = 120
SEED = 20

_NEW = {module.__name__ for module in (schema, refused_routes, refused_objects)}
EXAMPLES = [
    rule for rule in rules.all_rules() if rule.check.__module__ in _NEW and rule.severity is rules.Severity.ERROR
]
REFUSED = {rule.id for rule in EXAMPLES} | {
    "gateway-name",
    "gateway-port-name",
    "gateway-server-incomplete",
    "host-invalid",
    "manifest-malformed",
    "mutual-ca-file-missing",
    "tls-credential-ambiguous",
    "tls-credential-missing",
    "tls-route-outside-hosts",
    "tls-route-without-sni",
    "tls-settings-missing",
}
#: Wrong wherever they find something, and refused only here and there.
SOMETIMES = {"credential-names-limit", "crl-misplaced", "tls-settings-on-plain-port"}


def made(kind: str, count: int, seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    bases = [base for base in mutants.BASES if base["kind"] == kind]
    kinds_of_change = (mutants.mutant, mutants.grafted)
    return [json.loads(json.dumps(kinds_of_change[number % 2](chance, bases))) for number in range(count)]


def found(manifest: dict[str, Any]) -> dict[str, str]:
    return {finding.rule: str(finding) for finding in rules.check([manifest], now=NOW)}


def differences(manifests: list[dict[str, Any]]) -> list[str]:
    wrong = []
    for manifest, refusal in zip(manifests, admission.verdicts(manifests), strict=True):
        ours = found(manifest)
        said = [ours[rule] for rule in ours if rule in REFUSED]
        if refusal and not (said or ours.keys() & SOMETIMES):
            wrong.append(f"{json.dumps(manifest.get('spec'))} passes us: {refusal}")
        if said and not refusal:
            wrong.append(f"{json.dumps(manifest.get('spec'))} is taken: {said[0]}")
    return wrong


def test_what_the_changes_start_from_is_taken_by_all():
    assert [verdict for verdict in admission.verdicts(mutants.BASES) if verdict] == []
    assert [found(base).keys() & REFUSED for base in mutants.BASES] == [set()] * len(mutants.BASES)


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "My_Shop"},
        {"name": "shop.example"},
        {"labels": {"version": 1}},
        {"labels": {"version": "1 2"}},
        {"labels": {"a b": "c"}},
        {"labels": {"shop.example/a": "c"}},
        {"labels": {"Shop.Example/a": "c"}},
        {"labels": {"a": ""}},
        {"labels": {"a": "x" * 64}},
        {"labels": {"a": None}},
        {"annotations": {"a": 1}},
        {"annotations": {"a": "b c"}},
        {"lables": {"a": "b"}},
        {"generation": 1, "uid": "a", "resourceVersion": ""},
        {"finalizers": ["shop.example/a"]},
    ],
    ids=str,
)
def test_metadata(metadata):
    base = mutants.BASES[0]

    assert differences([{**base, "metadata": {**base["metadata"], **metadata}}]) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_without_a_spec(kind):
    base = next(base for base in mutants.BASES if base["kind"] == kind)

    assert differences([{key: value for key, value in base.items() if key != "spec"}]) == []


@pytest.mark.parametrize("rule", [rule for rule in EXAMPLES if rule.id != "kind-unknown"], ids=lambda rule: rule.id)
def test_the_cluster_refuses_the_bad_example_of_a_rule_and_takes_the_good_one(rule):
    bad, good = (_in_default(yaml.safe_load_all(text)) for text in (rule.example.bad, rule.example.good))

    assert any(admission.verdicts(bad))
    assert not any(admission.verdicts(good))


def _in_default(manifests: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    istio = [manifest for manifest in manifests if "istio.io" in manifest["apiVersion"]]
    return [{**manifest, "metadata": {**manifest["metadata"], "namespace": "default"}} for manifest in istio]


@pytest.mark.parametrize("kind", KINDS)
def test_the_rules_refuse_what_the_cluster_refuses(kind):
    assert differences(made(kind, MANY.get(kind, A_FEW), SEED)) == []
