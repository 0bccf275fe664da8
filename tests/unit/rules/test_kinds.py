"""A rule about another kind of objects is asked for everywhere, and refused where nothing would be read for it."""

import json
from types import SimpleNamespace

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_policy import PolicyResource, PolicyResourceOptions
from pulumi_policy.proxy import unknown_checking_proxy

from istio_ingress import rules
from istio_ingress.doctor.facts import Facts
from istio_ingress.live import cluster, tools
from istio_ingress.policy import pack
from istio_ingress.preview.declared import Declared, ObjectType, Watched
from istio_ingress.rules import kinds, registry
from istio_ingress.rules.catalog import shapes
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.kinds import Kind
from istio_ingress.rules.registry import Example
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.schema.definitions import definitions
from tests.unit.rules import page
from tests.unit.rules.material import NOW, manifests


class EnvoyFilter(Resource):
    """A kind that no rule reads."""


ROW = Kind("networking.istio.io", "EnvoyFilter", "envoyfilters", EnvoyFilter, ("spec.priority", "spec.configPatches"))
MANIFEST = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": {"name": "early", "namespace": "shop"},
    "spec": {"priority": -1, "configPatches": [{"applyTo": "LISTENER"}]},
}
LAST = {**MANIFEST, "spec": {"priority": 1}}


def early(found: EnvoyFilter, _: Index):
    """Made up."""
    if found.spec.number("priority") < 0 and found.spec.nodes("configPatches"):
        yield Problem(found, "spec.priority", "It is below 0.", "Let it be more.")


@pytest.fixture
def new_kind(monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, ROW))


@pytest.fixture
def new_rule(new_kind, monkeypatch):
    monkeypatch.setattr(registry, "_rules", {})
    registry.rule(EnvoyFilter, "early", Severity.ERROR, source="", example=Example("", ""))(early)


def found(*manifests):
    return [finding.rule for finding in rules.check(manifests, now=NOW)]


def test_a_rule_about_a_kind_that_nothing_is_read_as_is_refused():
    register = registry.rule(EnvoyFilter, "early", Severity.ERROR, source="", example=Example("", ""))
    with pytest.raises(ValueError, match=r"rules read EnvoyFilter, but no kind in rules/kinds\.py becomes one"):
        register(early)


def test_linter_and_policy_pack_judge_it(new_rule):
    options = PolicyResourceOptions(False, [], None, [], None, None, [])
    token = "kubernetes:networking.istio.io/v1alpha3:EnvoyFilter"
    resource = PolicyResource(token, unknown_checking_proxy(MANIFEST), "urn", "early", options, None, None, [], {})

    assert found(MANIFEST) == ["early"]
    assert found(LAST) == []
    assert found(*pack.manifests([resource])) == ["early"]


def test_the_preview_hands_on_what_the_rule_reads(new_rule):
    args = SimpleNamespace(
        resource=kubernetes.apiextensions.CustomResource.__new__(kubernetes.apiextensions.CustomResource),
        type_="kubernetes:networking.istio.io/v1alpha3:EnvoyFilter",
        name="early",
        props={**MANIFEST, "api_version": MANIFEST["apiVersion"], "spec": {**MANIFEST["spec"], "workload": "any"}},
        opts=pulumi.ResourceOptions(),
    )
    declared = Declared(args, ObjectType.of(args.type_), Watched())

    assert declared.manifest(rules.UNKNOWN) == MANIFEST
    assert found(declared.manifest(rules.UNKNOWN)) == ["early"]


def test_the_doctor_asks_a_cluster_for_it_and_judges_it(new_rule, monkeypatch):
    def answer(*words, **_):
        wanted = words[:3] == ("kubectl", "get", "envoyfilters.networking.istio.io")
        return json.dumps({"items": [MANIFEST] if wanted else []})

    monkeypatch.setattr(tools, "ask", answer)
    facts = Facts(NOW, cluster.ask(), {})

    assert [finding.rule for finding in facts.findings] == ["early"]


def test_the_page_says_to_ask_for_it(new_kind):
    assert "envoyfilters.networking.istio.io" in page.page().partition("kubectl get")[0]


def test_a_kind_that_only_makes_pods_is_not_asked_for():
    asked = cluster.asked_kinds()

    assert "daemonsets" not in page.page().partition("kubectl get")[0]
    assert {"Pod", "DaemonSet", "ReplicaSet"} & asked.keys() == {"Pod"}


def test_two_kinds_of_one_name_are_no_matter_of_luck(monkeypatch):
    other = Kind("gateway.networking.k8s.io", "Gateway", "gateways", EnvoyFilter)
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, other))
    with pytest.raises(ValueError, match="share a name"):
        cluster.asked_kinds()


@pytest.mark.parametrize("kind", kinds.KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_a_shape_that_rules_may_rely_on(kind):
    assert kind.resource in shapes.SHAPES or (kind.group, kind.name) in definitions()


@pytest.mark.parametrize("rule", rules.all_rules(), ids=lambda rule: rule.id)
def test_a_rule_reads_no_field_that_its_kind_does_not_declare(rule):
    """What a preview hands on is enough for every rule to find in its example what it finds in the whole."""
    for text in (rule.example.bad, rule.example.good):
        whole = manifests(text)
        cut = [declared(manifest) if "apiVersion" in manifest else manifest for manifest in whole]
        checked = [
            [(one.rule, one.path, one.message) for one in rules.check(some, now=NOW, settings=rule.example.settings)]
            for some in (whole, cut)
        ]
        assert checked[0] == checked[1]


def declared(manifest):
    """A manifest as a preview hands it on."""
    resource = kubernetes.apiextensions.CustomResource.__new__(kubernetes.apiextensions.CustomResource)
    args = SimpleNamespace(resource=resource, type_="", name="", props=manifest, opts=pulumi.ResourceOptions())
    what = ObjectType(manifest["apiVersion"], manifest["kind"])
    handed_on = Declared(args, what, Watched()).manifest(rules.UNKNOWN)
    return rules.Manifest(handed_on, "", repeated=manifest.repeated)
