"""The package's schema, from which Pulumi makes SDKs for other languages (pulumi.com/docs, Pulumi package schema)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..component import Component
from .annotations import Annotation, described, description, fields, is_choice, outputs
from .spelling import Spelling, camel, member

Json = dict[str, Any]

PACKAGE = "istio-ingress"
# What the state must hold encrypted, whoever sends it.
_SECRET = frozenset({"private_key", "client_keys"})
_BASIC = {bool: "boolean", int: "integer", float: "number", str: "string"}
_LANGUAGES: Mapping[str, Json] = {
    "csharp": {},
    "go": {"generateExtraInputTypes": True},  # else it leaves out types that stand only in plain lists
    "java": {},
    "nodejs": {},
    "python": {},
}


def token(name: str) -> str:
    """The name of a component or a type for Pulumi."""
    return f"{PACKAGE}:index:{name}"


def schema(components: Sequence[type[Component]], version: str) -> Json:
    """Everything that other languages can say to these components, and what they get back."""
    types = _types(components)
    spelling = spelling_of(components)
    return {
        "name": PACKAGE,
        "displayName": "Istio ingress",
        "version": version,
        "description": "Istio ingress, its certificates and its workloads as Pulumi components",
        "keywords": ["istio", "ingress", "tls", "kubernetes", "category/infrastructure", "kind/component"],
        "license": "Apache-2.0",
        "provider": {"description": "Constructs the components. It has no configuration of its own."},
        "resources": {token(one.__name__): _component(one, spelling) for one in components},
        "types": {token(name): _type(types[name], spelling) for name in sorted(types)},
        "language": {name: {"respectSchemaVersion": True, **more} for name, more in _LANGUAGES.items()},
    }


def spelling_of(components: Sequence[type[Component]]) -> Spelling:
    """How the fields and outputs of all of them are spelled."""
    told = [field for one in _types(components).values() if not is_choice(one) for field in fields(one)]
    given = [field for one in components for field in (*fields(one._takes), *outputs(one))]
    return Spelling([*told, *given])


def _types(components: Sequence[type[Component]]) -> Mapping[str, Any]:
    """The types that arguments and outputs are made of, by name."""
    found: dict[str, Any] = {}

    def look(one: Annotation) -> None:
        for inner in (one.items, one.by_name):
            if inner:
                look(inner)
        if one.type in (None, Any) or one.type in _BASIC or one.type.__name__ in found:
            return
        found[one.type.__name__] = one.type
        if not is_choice(one.type):
            for field in fields(one.type).values():
                look(field)

    for component in components:
        for one in (*fields(component._takes).values(), *outputs(component).values()):
            look(one)
    return found


def _component(component: type[Component], spelling: Spelling) -> Json:
    takes, gives = fields(component._takes), outputs(component)
    return {
        "isComponent": True,
        "description": spelling.respell(f"{description(component)}\n\n{description(component._takes)}"),
        "inputProperties": _properties(takes, described(component._takes), spelling, is_input=True),
        "requiredInputs": _required(takes),
        "properties": _properties(gives, described(component), spelling, is_input=False),
        "required": _required(gives),
    }


def _type(of: Any, spelling: Spelling) -> Json:
    texts = described(of)
    if is_choice(of):
        members = [
            {"name": member(one.name), "value": one.value, "description": spelling.respell(texts.get(one.name, ""))}
            for one in of
        ]
        members = [{key: value for key, value in member.items() if value} for member in members]
        return {"type": "string", "description": spelling.respell(description(of)), "enum": members}
    return {
        "type": "object",
        "description": spelling.respell(description(of)),
        "properties": _properties(fields(of), texts, spelling, is_input=True),
        "required": _required(fields(of)),
    }


def _properties(
    found: Mapping[str, Annotation], texts: Mapping[str, str], spelling: Spelling, *, is_input: bool
) -> Json:
    return {
        camel(name): {
            **_shape(one, is_input=is_input),
            "description": spelling.respell(texts[name]),
            **({"secret": True} if name in _SECRET else {}),
        }
        for name, one in sorted(found.items())
    }


def _required(found: Mapping[str, Annotation]) -> list[str]:
    return [camel(name) for name, one in sorted(found.items()) if one.required]


def _shape(one: Annotation, *, is_input: bool) -> Json:
    return dict(_said(one, is_input=is_input))


def _said(one: Annotation, *, is_input: bool) -> Iterator[tuple[str, Any]]:
    """A type as the schema says it; `plain` is what must be known while the caller's program runs."""
    if one.items:
        yield from (("type", "array"), ("items", _shape(one.items, is_input=is_input)))
    elif one.by_name:
        yield from (("type", "object"), ("additionalProperties", _shape(one.by_name, is_input=is_input)))
    elif one.type in _BASIC:
        yield "type", _BASIC[one.type]
    elif one.type is Any:
        yield "$ref", "pulumi.json#/Any"
    else:
        yield "$ref", f"#/types/{token(one.type.__name__)}"
    if is_input and not one.later:
        yield "plain", True
