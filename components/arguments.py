"""A wrong argument is refused whole, in one sentence, before anything is declared.

`check` walks a component's arguments along their TypedDict: unknown fields, missing ones, wrong types, and values that
Kubernetes, Istio or Envoy would refuse later (`VALUES`, by field name). What only becomes known during the update (an
Output) is let through: the provider sees it next.
"""

import functools
import typing
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, NoReturn, NotRequired, TypeVar

import pulumi

from . import review
from .values import OBJECT_NAME, VALUES, Check

_E = TypeVar("_E", bound=Enum)


_BASIC: dict[type, Check] = {
    bool: Check(lambda v: isinstance(v, bool), "true or false"),
    int: Check(lambda v: type(v) is int, "a whole number"),
    str: Check(lambda v: isinstance(v, str) and bool(v), "text"),
}
_SELECTOR = Check(lambda v: isinstance(v, Mapping) and bool(v), "labels, such as {'istio': 'ingressgateway'}")
# Lists that say something with nothing in them: nobody yet, nobody any more.
_MAY_BE_EMPTY = frozenset({"clients", "crl_signers", "serials"})
_SECRET = "private_key"  # noqa: S105 - the field whose value no message may repeat


class _Field(NamedTuple):
    """A TypedDict field as its annotation tells it."""

    required: bool
    many: bool
    may_be_empty: bool
    nested: type | None
    choices: type[Enum] | None
    value: Check


def refuse(component: str, name: str, field: str, value: object, wanted: str) -> NoReturn:
    """End the program with the sentence that says which argument is wrong, and what would be right.

    `RunError` reaches the person at the command line without a traceback.
    """
    shown = "missing" if value is None else repr(value)
    if len(shown) > 120:
        shown = f"{shown[:117]}..."
    raise pulumi.RunError(f'{component} "{name}": {field} is {shown}, but must be {wanted}.')


class Complaint(NamedTuple):
    """A field whose value cannot stand beside the others, and what could."""

    field: str
    value: object
    wanted: str

    def under(self, parent: str) -> "Complaint":
        """The same about a field of `parent`."""
        return self._replace(field=f"{parent}.{self.field}")


def refuse_first(component: str, name: str, complaints: Iterable[Complaint]) -> None:
    """End the program with the first complaint, if there is one."""
    for complaint in complaints:
        refuse(component, name, *complaint)


def known(value: object) -> bool:
    """Whether a value can be looked at now, before the update."""
    return not isinstance(value, (pulumi.Output, Awaitable))


def check(component: str, name: str, args: Mapping[str, Any], schema: type) -> None:
    """Refuse a component's name and arguments where they break `schema` (a TypedDict) or `VALUES`.

    Raises:
        pulumi.RunError: naming the component, the field, its value and what would be right.
    """
    review.watch()
    if not isinstance(name, str) or not OBJECT_NAME.holds(name) or len(name) > 40:
        refuse(component, str(name), "the component's name", name, "at most 40 lower-case letters, digits and '-'")
    _walk(_Place(component, name), args, schema)


class _Place(NamedTuple):
    """Where in the arguments the walk stands."""

    component: str
    name: str
    path: str = ""

    def at(self, field: str) -> "_Place":
        return self._replace(path=f"{self.path}.{field}" if self.path else field)

    def nth(self, index: int) -> "_Place":
        return self._replace(path=f"{self.path}[{index}]")

    def refuse(self, value: object, wanted: str) -> NoReturn:
        refuse(self.component, self.name, self.path or "args", value, wanted)


def _walk(place: _Place, args: Mapping[str, Any], schema: type) -> None:
    if not isinstance(args, Mapping):
        place.refuse(args, f"a mapping with the fields of {schema.__name__}")
    fields = _fields(schema)
    for field in args:
        if field not in fields:
            place.at(field).refuse(args[field], f"left out: the fields are {', '.join(sorted(fields))}")
    for field, spec in fields.items():
        if field in args:
            _look(place.at(field), args[field], spec)
        elif spec.required:
            place.at(field).refuse(None, spec.value.wanted)


def _look(place: _Place, value: object, spec: _Field) -> None:
    if not known(value):
        return
    if spec.many:
        if isinstance(value, str) or not isinstance(value, Sequence):
            place.refuse(value, "a list")
        if not value and not spec.may_be_empty:
            place.refuse(value, "left out, or a list with something in it")
        for index, item in enumerate(value):
            _look(place.nth(index), item, spec._replace(many=False))
    elif spec.nested:
        _walk(place, typing.cast(Mapping[str, Any], value), spec.nested)
    elif spec.choices:
        choice(place.component, place.name, place.path, value, spec.choices)
    elif not spec.value.holds(value):
        place.refuse("(not shown)" if place.path.endswith(_SECRET) else value, spec.value.wanted)


@functools.cache
def _fields(schema: type) -> dict[str, _Field]:
    required: frozenset[str] = getattr(schema, "__required_keys__", frozenset())
    return {field: _field(field, hint, field in required) for field, hint in schema.__annotations__.items()}


def _field(field: str, hint: Any, required: bool) -> _Field:
    hint = _unwrap(hint)
    many = typing.get_origin(hint) in (list, Sequence)
    if many:
        hint = _unwrap(typing.get_args(hint)[0])
    labels = typing.get_origin(hint) in (dict, Mapping)
    return _Field(
        required,
        many,
        field in _MAY_BE_EMPTY,
        nested=hint if typing.is_typeddict(hint) else None,
        choices=hint if isinstance(hint, type) and issubclass(hint, Enum) else None,
        value=_SELECTOR if labels else VALUES.get(field) or _BASIC.get(hint, Check(lambda _: True, "given")),
    )


def _unwrap(hint: Any) -> Any:
    """The T of `NotRequired[T]`, and of `pulumi.Input[T]`, which is T, an awaitable of it, or an Output of it."""
    wrapped = typing.get_origin(hint) in (NotRequired, typing.Union)
    return _unwrap(typing.get_args(hint)[0]) if wrapped else hint


def choice(component: str, name: str, field: str, value: object, choices: type[_E]) -> _E:
    """The member that `value` (a member, or its value as another language sends it) stands for."""
    try:
        return choices(value)
    except ValueError:
        refuse(component, name, field, value, f"one of {', '.join(repr(c.value) for c in choices)}")
