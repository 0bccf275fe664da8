"""Values on their way between another language's program and a component."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from ..arguments.schema import whole
from .annotations import Annotation, fields, is_choice
from .spelling import camel


def arguments(sent: Mapping[str, Any], takes: Any) -> dict[str, Any]:
    """What a component is told, as Python says it. What no field is called stays, to be refused by its name."""
    ours = {camel(name): (name, one) for name, one in fields(takes).items()}
    told = {}
    for name, value in sent.items():
        field, one = ours.get(name, (name, None))
        told[field] = _in(value, one) if one else value
    return told


def state(component: pulumi.Resource, gives: Mapping[str, Annotation]) -> dict[str, Any]:
    """What a component gives back, as the others call it; a mapping whole, as not every SDK reads Outputs in one."""
    return {camel(name): pulumi.Output.from_input(_out(getattr(component, name), one)) for name, one in gives.items()}


def _in(value: Any, one: Annotation) -> Any:
    return _through(value, one, _in, lambda fields_of: arguments(value, fields_of))


def _out(value: Any, one: Annotation) -> Any:
    def renamed(of: Any) -> Any:
        return {camel(name): _out(value[name], field) for name, field in fields(of).items() if name in value}

    return _through(value, one, _out, renamed)


# How the engine's protocol wraps a secret.
_SIGNATURE, _IS_SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"


def _opened(known: Any, then: Callable[[Any], Any]) -> "pulumi.Output[Any]":
    """What is made of a known value: the SDK unwraps the secrets in inputs, but not those in the Outputs among them."""
    found: list[bool] = []

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            if value.get(_SIGNATURE) == _IS_SECRET:
                found.append(True)
                return bare(value["value"])
            return {name: bare(item) for name, item in value.items()}
        return [bare(item) for item in value] if isinstance(value, list | tuple) else value

    made: pulumi.Output[Any] = pulumi.Output.from_input(then(bare(known)))
    return pulumi.Output.secret(made) if found else made


def _through(value: Any, one: Annotation, each: Callable[[Any, Annotation], Any], named: Callable[[Any], Any]) -> Any:
    """The value with all that stands in it handled; of a wrong kind it stays as it is, to be refused as what it is."""
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: _opened(known, lambda bare: each(bare, one)))
    if one.items and isinstance(value, list | tuple):
        return [each(item, one.items) for item in value]
    if one.by_name and isinstance(value, Mapping):
        return {name: each(item, one.by_name) for name, item in value.items()}
    if one.type is Any:
        return whole(value)
    if one.type is int and isinstance(value, float) and value.is_integer():
        return int(value)  # the engine's protocol has no whole numbers
    is_named = (
        isinstance(value, Mapping) and one.type and not is_choice(one.type) and one.type not in (bool, float, int, str)
    )
    return named(one.type) if is_named else value
