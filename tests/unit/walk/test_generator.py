"""What is compared with the gateway is drawn from everything that a route and a server can say."""

import pytest

from tests.e2e.walks import generator
from tests.unit.components.crds import schema

CASES = 400


def leaves(schema, path=()):
    """The fields of a schema that hold no others; what a person names himself stands for one."""
    inner = schema.get("properties") or schema.get("items", {}).get("properties")
    if not inner and isinstance(schema.get("additionalProperties"), dict):
        inner = {"*": schema["additionalProperties"]}
    if not inner:
        return {path}
    return set().union(*(leaves(below, (*path, name)) for name, below in inner.items()))


def said(value, path=()):
    """The paths of everything that a manifest says."""
    found = {path}
    if isinstance(value, list):
        return found.union(*(said(item, path) for item in value))
    if isinstance(value, dict):
        for name, below in value.items():
            free = path and path[-1] in (
                "headers",
                "withoutHeaders",
                "queryParams",
                "set",
                "add",
                "sourceLabels",
                "selector",
            )
            known = name if not free or name in ("request", "response") else "*"
            found |= said(below, (*path, known))
    return found


@pytest.fixture(scope="module")
def drawn():
    cases = [generator.case("fields", number, "ns") for number in range(CASES)]
    found = {"Gateway": set(), "VirtualService": set()}
    for case in cases:
        for manifest in case.manifests:
            found[manifest["kind"]] |= said(manifest["spec"])
    return found


@pytest.mark.parametrize("kind", ["Gateway", "VirtualService"])
def test_every_field_is_made_by_some_case(drawn, kind):
    spec = schema("networking.istio.io/v1", kind)["properties"]["spec"]
    assert leaves(spec) - drawn[kind] == set()


def test_a_case_is_the_same_for_the_same_seed():
    assert generator.case("a", 7, "ns") == generator.case("a", 7, "ns")
    assert generator.case("a", 7, "ns") != generator.case("b", 7, "ns")
