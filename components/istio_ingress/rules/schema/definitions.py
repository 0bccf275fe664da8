"""Istio's custom resource definitions: the kinds, their versions and the parts that their schemas are made of.

`crds.json` is made by `python -m tests.unit.rules.crds` from the Istio module that the lab pins, and names its version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a schema: what one value may be. Each exists once, however many fields have it."""

    type: str = ""
    """`object`, `array`, `string`, `integer`, `number`, `boolean`, `integer or string`; empty is anything."""
    fields: dict[str, Part] = field(default_factory=dict)
    others: Part | None = None
    """What other fields than those may be; None where there are no others."""
    items: Part | None = None
    required: tuple[str, ...] = ()
    choices: tuple[tuple[str, ...], ...] = ()
    """Fields of which at most one can stand."""
    validations: tuple[str, ...] = ()
    """Expressions (CEL) that must hold."""
    unique: tuple[str, ...] = ()
    """The fields that tell the items of a list apart."""
    enum: tuple[str, ...] = ()
    bounds: Mapping[str, Any] = field(default_factory=dict)
    """`minimum`, `maxLength`, `pattern` and their like, as OpenAPI writes them."""


@dataclass(frozen=True)
class Definition:
    """The definition of one kind."""

    kind: str
    versions: dict[str, Part]

    @property
    def newest(self) -> str:
        """The version to write today."""
        return min(self.versions, key=lambda version: ("alpha" in version, "beta" in version, version))


ANYTHING = Part()
_TEXTS = Part("object", others=Part("string"))
_LABELS = Part("object", others=Part("string", bounds={"format": "label"}), bounds={"format": "label keys"})
#: Kubernetes's own ObjectMeta, as far as people write it; the API server sets the rest.
METADATA = Part(
    "object",
    {
        "name": Part("string", bounds={"format": "name"}),
        "generateName": Part("string"),
        "namespace": Part("string"),
        "labels": _LABELS,
        "annotations": _TEXTS,
        "finalizers": Part("array", items=Part("string")),
        **dict.fromkeys(
            (
                "clusterName",
                "creationTimestamp",
                "deletionGracePeriodSeconds",
                "deletionTimestamp",
                "generation",
                "initializers",
                "managedFields",
                "ownerReferences",
                "resourceVersion",
                "selfLink",
                "uid",
            ),
            ANYTHING,
        ),
    },
)
_ENVELOPE = {"apiVersion": Part("string"), "kind": Part("string"), "metadata": METADATA, "status": ANYTHING}
_BOUNDS = (
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
)


@cache
def definitions() -> dict[tuple[str, str], Definition]:
    """Group and kind to definition."""
    data = _data()
    parts: list[Part] = []
    for node in data["parts"]:
        parts.append(_part(node, parts))
    found = {}
    for key, versions in data["crds"].items():
        group, _, kind = key.partition("/")
        found[group, kind] = Definition(kind, {version: _whole(parts[number]) for version, number in versions.items()})
    return found


@cache
def groups() -> frozenset[str]:
    """The API groups that are Istio's."""
    return frozenset(group for group, _ in definitions())


def istio_version() -> str:
    """The version of the Istio module that the definitions were taken from."""
    return str(_data()["istio"])


@cache
def _data() -> Any:
    return json.loads(resources.files(__package__).joinpath("crds.json").read_text())


def _part(node: Mapping[str, Any], parts: list[Part]) -> Part:
    others = node.get("additionalProperties")
    return Part(
        type=node.get("type", ""),
        fields={name: parts[number] for name, number in node.get("properties", {}).items()},
        others=ANYTHING if node.get("open") or others is True else None if others is None else parts[others],
        items=parts[node["items"]] if "items" in node else None,
        required=tuple(node.get("required", ())),
        choices=tuple(map(tuple, node.get("choices", ()))),
        validations=tuple(node.get("validations", ())),
        unique=tuple(node.get("unique", ())),
        enum=tuple(node.get("enum", ())),
        bounds={key: node[key] for key in _BOUNDS if key in node},
    )


@cache
def _whole(part: Part) -> Part:
    return Part("object", {**_ENVELOPE, **part.fields}, required=part.required)
