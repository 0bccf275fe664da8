"""The CRDs that the rules read are those of the Istio that the lab runs."""

from istio_ingress.rules.schema import definitions
from istio_ingress.rules.schema.definitions import Part
from istio_ingress.rules.schema.expressions import EXPRESSIONS
from lab.parts import gomod
from tests.unit.istio_module import GO_MODULE
from tests.unit.rules import crds


def parts(part, seen):
    if id(part) not in seen:
        seen[id(part)] = part
        for inner in (*part.fields.values(), part.items, part.others):
            if isinstance(inner, Part):
                parts(inner, seen)
    return seen


def test_the_data_is_what_the_pinned_module_says():
    told = "python -m tests.unit.rules.crds > components/istio_ingress/rules/schema/crds.json"
    file = definitions.resources.files(definitions.__package__).joinpath("crds.json")

    assert file.read_text() == crds.data(), f"run: {told}"


def test_the_data_names_the_pinned_version():
    assert definitions.istio_version() == gomod.required(GO_MODULE / "go.mod")["istio.io/istio"]


def test_every_expression_of_the_crds_is_judged_and_no_other():
    seen = {}
    for definition in definitions.definitions().values():
        for whole in definition.versions.values():
            parts(whole, seen)

    assert {text for part in seen.values() for text in part.validations} == EXPRESSIONS.keys()


def test_a_kind_is_written_in_its_newest_version():
    found = {kind: definition.newest for (_, kind), definition in definitions.definitions().items()}

    assert found["Gateway"] == "v1"
    assert found["EnvoyFilter"] == "v1alpha3"
    assert found["ProxyConfig"] == "v1beta1"
