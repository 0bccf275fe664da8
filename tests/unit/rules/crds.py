"""`python -m tests.unit.rules.crds > …/rules/schema/crds.json`: Istio's CRDs as the rules read them.

They come from the Istio module that the lab pins, without descriptions, and each part that several share once.
"""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from lab.parts import gomod
from tests.unit.istio_module import GO_MODULE, istio_module

CRDS = "manifests/charts/base/files/crd-all.gen.yaml"
_KEPT = {
    "additionalProperties",
    "enum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "pattern",
    "properties",
    "required",
    "type",
}
#: Null is as if left out, whatever the schema says.
_LEFT_OUT = {"description", "nullable", "x-kubernetes-list-type"}
#: The API server judges them by itself, or, as the status, not with what a person writes.
_OUTSIDE = {"apiVersion", "kind", "metadata", "status"}
_HAS = re.compile(r"\(has\(self\.(\w+)\) \? 1 : 0\)")
_AT_MOST_ONE = re.compile(rf"{_HAS.pattern}( \+ {_HAS.pattern})+ <= 1")


def data() -> str:
    """The whole file: a line for each part."""
    nodes: dict[str, int] = {}
    crds = {}
    for crd in yaml.load_all((istio_module() / CRDS).read_text(), yaml.CSafeLoader):
        if crd:
            names, versions = crd["spec"]["names"], crd["spec"]["versions"]
            schemas = {version["name"]: _spec(version["schema"]["openAPIV3Schema"], nodes) for version in versions}
            crds[f"{crd['spec']['group']}/{names['kind']}"] = schemas
    lines = [f'"istio": {json.dumps(gomod.required(GO_MODULE / "go.mod")["istio.io/istio"])}']
    lines.append('"crds": {\n' + ",\n".join(f"{json.dumps(key)}: {json.dumps(of)}" for key, of in crds.items()) + "\n}")
    lines.append('"parts": [\n' + ",\n".join(nodes) + "\n]")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _spec(schema: dict[str, Any], nodes: dict[str, int]) -> int:
    inside = {name: field for name, field in schema["properties"].items() if name not in _OUTSIDE}
    return _number({**schema, "properties": inside}, nodes)


def _number(schema: dict[str, Any], nodes: dict[str, int]) -> int:
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            made[key] = {name: _number(field, nodes) for name, field in value.items()}
        elif key == "items" or (key == "additionalProperties" and isinstance(value, dict)):
            made[key] = _number(value, nodes)
        elif key in _KEPT:
            made[key] = value
        elif key == "x-kubernetes-validations":
            rules = [" ".join(one["rule"].split()) for one in value]
            made["choices"] = made.get("choices", []) + [
                _HAS.findall(one) for one in rules if _AT_MOST_ONE.fullmatch(one)
            ]
            made["validations"] = [one for one in rules if not _AT_MOST_ONE.fullmatch(one)]
        elif key == "x-kubernetes-preserve-unknown-fields":
            made["open"] = value
        elif key == "x-kubernetes-list-map-keys":
            made["unique"] = value
        elif key == "x-kubernetes-int-or-string":
            made["type"] = "integer or string"
        elif key in ("oneOf", "allOf"):
            made["choices"] = made.get("choices", []) + _choices(key, value)
        elif key not in _LEFT_OUT and not (key == "anyOf" and "x-kubernetes-int-or-string" in schema):
            raise ValueError(f"no rule knows what {key} means: {json.dumps(value)}")
    made = {key: value for key, value in made.items() if value != []}
    return nodes.setdefault(json.dumps(made, separators=(",", ":"), sort_keys=True), len(nodes))


def _choices(key: str, value: list[dict[str, Any]]) -> list[list[str]]:
    """The fields of which at most one can stand: that is all that Istio's CRDs say with oneOf and allOf."""
    if key == "allOf":
        return [choice for one in value for choice in _choices("oneOf", one["oneOf"])]
    none, *each = value
    fields = [field for one in each for field in one["required"]]
    if none != {"not": {"anyOf": [{"required": [field]} for field in fields]}}:
        raise ValueError(f"this is no choice of one or none: {json.dumps(value)}")
    return [fields] if len(fields) > 1 else []


if __name__ == "__main__":
    print(data(), end="")
