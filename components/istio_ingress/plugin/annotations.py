"""The public types of the components, as their annotations and docstrings tell them."""

import ast
import functools
import inspect
import sys
import textwrap
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, NotRequired

import pulumi

from ..component import Component


class Annotation(NamedTuple):
    """What an annotation says of a field, an item or an output."""

    required: bool
    """Whether it must be given."""
    later: bool
    """Whether it may be an Output."""
    type: Any
    """A basic type, Any, an Enum or a TypedDict; None where it is a list or a mapping."""
    items: "Annotation | None" = None
    """What stands in a list."""
    by_name: "Annotation | None" = None
    """What stands under each name of a mapping."""


@functools.cache
def annotation(hint: Any) -> Annotation:
    """What a hint of ours says: `NotRequired`, `Input` and `Output` around a type, a list or a mapping.

    Raises:
        TypeError: no other language could be told that.
    """
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is NotRequired:
        return annotation(parts[0])._replace(required=False)
    if origin is typing.Union or origin is pulumi.Output:  # a `pulumi.Input` is a Union, its type first
        return annotation(parts[0])._replace(later=True)
    if origin in (list, Sequence):
        return Annotation(True, False, None, items=annotation(parts[0]))
    if origin in (dict, Mapping) and parts[0] is str:
        return Annotation(True, False, None, by_name=annotation(parts[1]))
    if hint in (Any, bool, int, float, str) or is_choice(hint) or typing.is_typeddict(hint):
        return Annotation(True, False, hint)
    raise TypeError(
        f"{hint} cannot cross languages: take texts, numbers, Enums, TypedDicts, and lists or mappings of them"
    )


def is_choice(hint: Any) -> bool:
    """Whether a type is an Enum."""
    return isinstance(hint, type) and issubclass(hint, Enum)


def fields(of: Any) -> dict[str, Annotation]:
    """The fields of a TypedDict, those that it inherits among them."""
    required = of.__required_keys__
    found = {name: annotation(hint) for name, hint in of.__annotations__.items()}
    return {name: one._replace(required=name in required) for name, one in found.items()}


def outputs(component: type[Component]) -> dict[str, Annotation]:
    """What a component gives back: its annotations, and its properties that are made of them (`issuer`)."""
    found = {name: annotation(hint) for name, hint in inspect.get_annotations(component).items()}
    return found | {name: annotation(_returned(value)) for name, value in _properties(component)}


def described(of: Any) -> dict[str, str]:
    """The sentence under each field, member or output of a class, and of those that it is made from."""
    written = _classes(of.__module__)[of.__name__]
    texts = {name: inspect.getdoc(value) or "" for name, value in _properties(of)}
    for base in written.bases:  # a TypedDict forgets them when it is made
        above = getattr(sys.modules[of.__module__], getattr(base, "id", ""), None)
        if typing.is_typeddict(above):
            texts |= described(above)
    for statement, below in zip(written.body, written.body[1:], strict=False):
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            texts |= dict.fromkeys(_assigned(statement), str(below.value.value))
    return {name: _one_line(text) for name, text in texts.items()}


def description(of: Any) -> str:
    """What the docstring of a class says."""
    return "\n\n".join(_one_line(part) for part in (inspect.getdoc(of) or "").split("\n\n"))


def _properties(of: Any) -> Iterator[tuple[str, property]]:
    return ((name, value) for name, value in vars(of).items() if isinstance(value, property))


def _returned(value: property) -> Any:
    return typing.get_type_hints(value.fget)["return"]


@functools.cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def _assigned(statement: ast.stmt) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _one_line(text: str) -> str:
    return " ".join(textwrap.dedent(text).split())
