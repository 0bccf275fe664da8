"""The schema that other languages' SDKs are made of."""

import json
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pytest

import istio_ingress
from istio_ingress.component import Component
from istio_ingress.plugin.annotations import annotation
from istio_ingress.plugin.host import COMPONENTS, package
from istio_ingress.plugin.schema import schema
from istio_ingress.plugin.spelling import camel, member
from tests.unit.components.least import REQUIRED

COMMITTED = Path(__file__).resolve().parents[3] / "plugin" / "schema.json"


class Colour(Enum):
    """Colours of a teapot."""

    DARK_RED = "red"
    """As a tomato."""

    BLUE = "blue"


class Leaf(TypedDict):
    """What is put into it."""

    leaf_weight: pulumi.Input[float]
    """In grams."""


class PotArgs(TypedDict):
    """What a pot is like."""

    colour: NotRequired[Colour]
    """Default: red."""


class TeapotArgs(PotArgs):
    """What a teapot is like."""

    leaves: Sequence[Leaf]
    """What is put in, each by its `leaf_weight`."""

    steep_seconds: NotRequired[pulumi.Input[int]]
    """How long it stands."""

    guests: NotRequired[Mapping[str, pulumi.Input[bool]]]
    """Who comes, and takes milk; a `guest_list` is none of our fields."""

    private_key: NotRequired[pulumi.Input[str]]
    """Of its lid."""


class Teapot(Component, takes=TeapotArgs):
    """Makes tea."""

    cups_made: pulumi.Output[list[int]]
    """How many, by hour."""

    @property
    def best(self) -> Leaf:
        """The heaviest."""
        raise NotImplementedError


def test_a_component_is_told_with_all_that_its_types_and_docstrings_say():
    told = schema([Teapot], "1.2.3")
    assert told["version"] == "1.2.3"
    assert told["resources"] == {
        "istio-ingress:index:Teapot": {
            "isComponent": True,
            "description": "Makes tea.\n\nWhat a teapot is like.",
            "inputProperties": {
                "colour": {
                    "$ref": "#/types/istio-ingress:index:Colour",
                    "plain": True,
                    "description": "Default: red.",
                },
                "guests": {
                    "type": "object",
                    "additionalProperties": {"type": "boolean"},
                    "plain": True,
                    "description": "Who comes, and takes milk; a `guest_list` is none of our fields.",
                },
                "leaves": {
                    "type": "array",
                    "items": {"$ref": "#/types/istio-ingress:index:Leaf", "plain": True},
                    "plain": True,
                    "description": "What is put in, each by its `leafWeight`.",
                },
                "privateKey": {"type": "string", "description": "Of its lid.", "secret": True},
                "steepSeconds": {"type": "integer", "description": "How long it stands."},
            },
            "requiredInputs": ["leaves"],
            "properties": {
                "best": {"$ref": "#/types/istio-ingress:index:Leaf", "description": "The heaviest."},
                "cupsMade": {
                    "type": "array",
                    "items": {"type": "integer"},
                    "description": "How many, by hour.",
                },
            },
            "required": ["best", "cupsMade"],
        }
    }
    assert told["types"] == {
        "istio-ingress:index:Colour": {
            "type": "string",
            "description": "Colours of a teapot.",
            "enum": [
                {"name": "DarkRed", "value": "red", "description": "As a tomato."},
                {"name": "Blue", "value": "blue"},
            ],
        },
        "istio-ingress:index:Leaf": {
            "type": "object",
            "description": "What is put into it.",
            "properties": {"leafWeight": {"type": "number", "description": "In grams."}},
            "required": ["leafWeight"],
        },
    }


@pytest.mark.parametrize("hint", [tuple[str, int], Mapping[int, str], bytes, str | int | None])
def test_what_no_other_language_could_be_told_is_an_error(hint):
    with pytest.raises(TypeError, match="cannot cross languages"):
        annotation(hint)


def test_a_choice_has_a_name_that_every_language_can_spell():
    spelled = {"ECDSA_P256": "EcdsaP256", "HTTP1": "Http1", "ISTIO_MUTUAL": "IstioMutual", "TLS_1_2": "Tls1_2"}
    assert {name: member(name) for name in spelled} == spelled


def test_the_committed_schema_is_what_the_code_says():
    made = "python -m istio_ingress.plugin > plugin/schema.json"
    assert json.loads(COMMITTED.read_text()) == package(), f"the public types have changed; `{made}` is right"


def test_every_public_type_is_told():
    exported = {name: getattr(istio_ingress, name) for name in istio_ingress.__all__}
    components = {one.__name__ for one in COMPONENTS}
    taken = {one._takes.__name__ for one in COMPONENTS}
    choices = {name for name, one in exported.items() if isinstance(one, type) and issubclass(one, Enum)}
    mappings = {name for name, one in exported.items() if typing.is_typeddict(one)}
    told = {name.rsplit(":", 1)[1] for name in package()["types"]}
    assert told >= (choices | mappings) - taken - {"BackendPolicy"}  # which others are made from
    assert {name.rsplit(":", 1)[1] for name in package()["resources"]} == components


def described(made):
    """Every description below, by the way to it."""
    if isinstance(made, dict):
        for key, value in made.items():
            if key in ("properties", "inputProperties", "resources", "types"):
                yield from ((f"{key}.{name}", one.get("description")) for name, one in value.items())
            for way, text in described(value):
                yield f"{key}.{way}", text


def test_every_component_type_field_and_output_is_described():
    texts = dict(described(package()))
    assert len(texts) > 300
    assert [way for way, text in texts.items() if not (text or "").endswith((".", ".)"))] == []


def test_only_what_has_no_sensible_default_is_required():
    required = {name.rsplit(":", 1)[1]: one["requiredInputs"] for name, one in package()["resources"].items()}
    assert {name: sorted(fields) for name, fields in required.items() if fields} == {
        name: sorted(map(camel, needed)) for name, needed in REQUIRED.items()
    }


def test_every_key_is_marked_as_a_secret():
    made = package()
    holders = [*made["resources"].values(), *made["types"].values()]
    fields = [
        item for one in holders for side in ("properties", "inputProperties") for item in one.get(side, {}).items()
    ]
    marked = {name for name, field in fields if field.get("secret")}
    assert marked == {"privateKey", "clientKeys"}
    assert {name for name, field in fields if "secret" in field["description"].lower().split(",")[-1]} >= marked
    assert all(field.get("secret") for name, field in fields if name in marked)
