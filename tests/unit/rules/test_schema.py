"""What the API server refuses: the messages, and the schema checker held against jsonschema."""

import copy
import random

import jsonschema
import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.rules.schema import structure
from istio_ingress.rules.schema.definitions import definitions
from tests.e2e import mutants
from tests.unit.components import crds
from tests.unit.rules.build import check, gateway, http, https, manifest, route, virtual_service


def told(*manifests):
    return [(finding.rule, finding.path, f"{finding.message} {finding.remedy}") for finding in check(*manifests)]


def with_route(**fields):
    return virtual_service("shop", "shop.example", http=[{**route("cart"), **fields}])


@pytest.mark.parametrize(
    ("fields", "rule", "path", "words"),
    [
        ({"timout": "5s"}, "field-unknown", "spec.http[0].timout", "Write timeout."),
        ({"time_out": "5s"}, "field-unknown", "spec.http[0].time_out", "Write timeout."),
        ({"match": [{"retries": {}}]}, "field-unknown", "spec.http[0].match[0].retries", "beside match"),
        (
            {"mirror": {"host": "cart"}, "mirrorPercentage": {"numerator": 5}},
            "field-unknown",
            "spec.http[0].mirrorPercentage.numerator",
            "There is only value.",
        ),
        ({"match": [{"prefix": "/"}]}, "field-unknown", "spec.http[0].match[0].prefix", "match[0].uri."),
        ({"hosts": ["a.b"]}, "field-unknown", "spec.http[0].hosts", "It belongs in spec, beside http."),
        ({"timeout": 5}, "manifest-malformed", "spec.http[0].timeout", "with a unit: 5s."),
        ({"timeout": "5"}, "duration-invalid", "spec.http[0].timeout", "'5' is not a duration"),
        ({"timeout": "1us"}, "duration-invalid", "spec.http[0].timeout", "'1us' is not a duration of 1ms or more."),
        ({"timeout": "1d"}, "duration-invalid", "spec.http[0].timeout", "30s"),
        ({"corsPolicy": {"maxAge": "1500ms"}}, "duration-invalid", "spec.http[0].corsPolicy.maxAge", "a second"),
        ({"retries": {"attempts": "3"}}, "manifest-malformed", "spec.http[0].retries.attempts", "without quotes."),
        (
            {"match": [{"uri": {"exact": "/", "regex": "/a"}}]},
            "fields-exclusive",
            "spec.http[0].match[0].uri.regex",
            "",
        ),
        ({"match": [None]}, "manifest-malformed", "spec.http[0].match[0]", "This is null."),
        ({"redirect": {"derivePort": "x"}, "route": []}, "value-refused", "spec.http[0].redirect.derivePort", "FROM_"),
        ({"mirrorPercent": -1}, "value-refused", "spec.http[0].mirrorPercent", "The number is -1."),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(fields, rule, path, words):
    ((found, where, text),) = told(with_route(**fields))

    assert (found, where) == (rule, path)
    assert words in text


def test_a_value_that_stands_too_deep_is_not_missing_where_it_belongs_as_well():
    weighted = [{"destination": {"host": host, "weight": 50}} for host in ("cart", "site")]

    assert [found for found, _, _ in told(with_route(route=weighted))] == ["field-unknown", "field-unknown"]


def test_destinations_without_weights():
    bare = [{"destination": {"host": host}} for host in ("cart", "site")]

    ((_, _, text),) = told(with_route(route=bare))

    assert text.startswith("None of the 2 destinations has a weight.")


def test_labels_that_are_numbers_are_refused():
    ((rule, path, text),) = told({**with_route(), "metadata": {"name": "shop", "labels": {"version": 1}}})

    assert (rule, path) == ("manifest-malformed", "metadata.labels.version")
    assert text.endswith("write it in quotes.")


@pytest.mark.parametrize(
    ("version", "kind", "remedy"),
    [
        ("networking.istio.io/v1", "Virtualservice", "Write VirtualService of networking.istio.io."),
        ("networking.istio.io/v1", "EnvoyFilter", "Write networking.istio.io/v1alpha3."),
        ("networking.istio.io/v2", "VirtualService", "Write networking.istio.io/v1."),
        ("networking.istio.io", "VirtualService", "Write networking.istio.io/v1."),
        ("network.istio.io/v1", "VirtualService", "Write networking.istio.io/v1."),
        ("networking.istio.io/v1", "PeerAuthentication", "Write PeerAuthentication of security.istio.io."),
        (
            "security.istio.io/v1",
            "Service",
            "There are AuthorizationPolicy, PeerAuthentication, RequestAuthentication.",
        ),
    ],
)
def test_kinds_and_versions_that_there_are_not(version, kind, remedy):
    ((rule, _, text),) = told({**with_route(), "apiVersion": version, "kind": kind})

    assert rule == "kind-unknown"
    assert text.endswith(remedy)


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("gateway.solo.io/v1", "VirtualService"),
        ("networking.istio.io/v1alpha3", "GatewayPlugin"),
        ("networking.x-k8s.io/v1alpha1", "Gateway"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("install.istio.io/v1alpha1", "IstioOperator"),
    ],
)
def test_kinds_of_others(version, kind):
    assert told({"apiVersion": version, "kind": kind, "metadata": {"name": "shop", "namespace": "shop"}}) == []


def test_a_mistake_is_said_once():
    """The field that was meant is not missing as well, and what is refused is not judged again."""
    mistyped = manifest(
        "VirtualService", "shop", {"host": ["shop.example"], "gateways": ["shop"], "http": [route("cart")]}
    )
    quoted = gateway("shop", http("shop.example", port="80"))

    assert [rule for rule, *_ in told(mistyped)] == ["field-unknown"]
    assert [rule for rule, *_ in told(quoted)] == ["manifest-malformed"]
    assert [rule for rule, *_ in told(gateway("shop", https("shop.example", mode="simple")))] == ["value-refused"]


def test_a_patch_of_kustomize_lacks_nothing():
    patch = {"$patch": "merge", "corsPolicy": {}, "directResponse": {"$patch": "delete"}}

    assert "field-missing" not in {rule for rule, *_ in told(with_route(**patch))}


@pytest.mark.parametrize("base", mutants.BASES, ids=lambda base: base["kind"])
def test_values_that_are_not_known_are_not_judged(base):
    places = list(mutants.places(mutants.spec_of(base), base["spec"]))
    for path, _ in places:
        changed = copy.deepcopy(base)
        inner = changed["spec"]
        for step in path[:-1]:
            inner = inner[step]
        if isinstance(inner, list) or path[-1] in inner:
            inner[path[-1]] = UNKNOWN
            assert [one for one in told(changed) if one[0] in ("manifest-malformed", "value-refused")] == [], path


@pytest.mark.parametrize("kind", sorted({base["kind"] for base in mutants.BASES}))
def test_the_checker_agrees_with_jsonschema(kind):
    """On types, names, enums, limits and choices; expressions and formats of Kubernetes are its own."""
    chance = random.Random(7)
    bases = [base for base in mutants.BASES if base["kind"] == kind]
    for _ in range(300):
        changed = _without_nulls((mutants.mutant, mutants.grafted)[chance.randrange(2)](chance, bases))
        group, _, version = changed["apiVersion"].rpartition("/")
        found = structure.faults(definitions()[group, kind].versions[version], changed)
        theirs = list(crds.validator(changed["apiVersion"], kind).iter_errors(changed))
        assert not theirs or found, (changed["spec"], theirs)
        assert theirs or all(map(_is_kubernetes, found)), (changed["spec"], found)


def _is_kubernetes(fault):
    """Said by an expression or a format, neither of which jsonschema judges."""
    words = {one.message.removeprefix("This ") for one in structure.EXPRESSIONS.values()}
    by_expression = any(message in fault.message for message in words | {"out of range", "base64", "of another item"})
    return by_expression or fault.rule in ("duration-invalid", "fields-exclusive")


def _without_nulls(value):
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value


def test_jsonschema_is_asked_something():
    with pytest.raises(jsonschema.ValidationError):
        crds.validate({**mutants.BASES[0], "spec": {"hosts": [1]}})
