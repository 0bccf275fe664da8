"""A wrong argument is refused whole, in one sentence, before anything is declared.

`read` walks a component's arguments along their TypedDict: unknown fields, missing ones, wrong types, and values that
Kubernetes, Istio or Envoy would refuse later (`VALUES`, by field name). A field that is None is as if left out. What
only becomes known during the update (an Output) is let through where the field's annotation is an `Input`; where what
is declared depends on the value, it is refused.
"""

import functools
import typing
from collections.abc import Awaitable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, NoReturn, NotRequired, TypeVar

import pulumi

from ..refusal import NOT_SHOWN, Words, refuse
from .near import near
from .route_values import ROUTE_VALUES
from .values import VALUES, Check

_E = TypeVar("_E", bound=Enum)


def known(value: object) -> bool:
    """Whether a value can be looked at now, before the update."""
    return not isinstance(value, (pulumi.Output, Awaitable))


_BASIC: dict[type, Check] = {
    bool: Check(lambda v: isinstance(v, bool), "true or false"),
    int: Check(lambda v: type(v) is int, "a whole number"),
    str: Check(lambda v: isinstance(v, str) and bool(v), "text"),
}
_LABELS = Check(
    lambda v: (
        isinstance(v, Mapping)
        and bool(v)
        and all(isinstance(key, str) and (isinstance(text, str) or not known(text)) for key, text in v.items())
    ),
    "labels, such as {'istio': 'ingressgateway'}",
)
# Lists that say something with nothing in them: nobody yet, nobody any more.
_MAY_BE_EMPTY = frozenset({"clients", "crl_signers", "serials"})
_SECRET = "private_key"  # noqa: S105 - the field whose value no message may repeat


class _Type(NamedTuple):
    """What a field may hold, as its annotation tells it: one of the last five."""

    may_be_later: bool
    """Whether an Output will do."""
    may_be_empty: bool
    items: "_Type | None"
    by_name: "_Type | None"
    """Of a mapping by people's own names: what stands under each."""
    fields: type | None
    choices: type[Enum] | None
    value: Check

    @property
    def wanted(self) -> str:
        """What must be there, to be said after "must be"."""
        if self.items:
            return "a list" + (", whose items may be Outputs" if self.items.may_be_later else "")
        if self.by_name:
            return "a mapping by name, with something in it"
        if self.choices:
            return f"one of {', '.join(repr(one.value) for one in self.choices)}"
        return f"a mapping with the fields of {self.fields.__name__}" if self.fields else self.value.wanted


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
        hidden = value is not None and self.path.endswith(_SECRET)
        refuse(self.component, self.name, self.path or "args", NOT_SHOWN if hidden else value, wanted)


def read(component: str, name: str, args: Mapping[str, Any] | None, schema: type) -> dict[str, Any]:
    """A component's arguments, with nothing left in them that is None.

    Refused are a name that is no text, and arguments that break `schema` (a TypedDict) or `VALUES`.

    Raises:
        pulumi.RunError: naming the component, the field, its value and what would be right.
    """
    if not isinstance(name, str) or not name:
        shown = name if known(name) else _OUTPUT
        refuse(component, str(shown), "the component's name", shown, "text")
    place = _Place(component, name)
    if not known(args):
        place.refuse(_OUTPUT, f"a mapping with the fields of {schema.__name__}, some of which may be Outputs")
    return _walk(place, {} if args is None else args, schema)


_OUTPUT = Words("an Output")


def _walk(place: _Place, args: Mapping[str, Any], schema: type) -> dict[str, Any]:
    types, required = _types(schema), getattr(schema, "__required_keys__", ())
    may_be_key = _SECRET in types  # under another name, or instead of the whole
    if not isinstance(args, Mapping):
        place.refuse(NOT_SHOWN if may_be_key else args, f"a mapping with the fields of {schema.__name__}")
    for field in args:
        if field not in types:
            fields = f"the fields are {', '.join(sorted(types))}"
            hidden = may_be_key and isinstance(args[field], str | bytes | Mapping | Sequence)
            place.at(field).refuse(
                NOT_SHOWN if hidden else args[field], f"left out: {near(schema.__name__, field) or fields}"
            )
    given = {field: value for field, value in args.items() if value is not None}
    for field in types:
        if field in required and field not in given:
            place.at(field).refuse(None, types[field].wanted)
    return {field: _look(place.at(field), value, types[field]) for field, value in given.items()}


def _look(place: _Place, value: Any, wanted: _Type) -> Any:
    if not known(value):
        return _later(place, value, wanted)
    if wanted.items:
        return _list(place, value, wanted, wanted.items)
    if value is None:
        place.refuse(None, wanted.wanted)
    if wanted.by_name:
        return _mapping(place, value, wanted, wanted.by_name)
    if wanted.fields:
        return _walk(place, value, wanted.fields)
    if wanted.choices:
        choice(place.component, place.name, place.path, value, wanted.choices)
    elif not wanted.value.holds(value):
        place.refuse(wanted.value.shown(value), wanted.value.wanted)
    return value


def _list(place: _Place, value: Any, wanted: _Type, items: _Type) -> list[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence):
        place.refuse(value, "a list")
    if not value and not wanted.may_be_empty:
        place.refuse(value, "left out, or a list with something in it")
    return [_look(place.nth(index), item, items) for index, item in enumerate(value)]


def _mapping(place: _Place, value: Any, wanted: _Type, items: _Type) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) for key in value):
        place.refuse(value, wanted.wanted)
    return {key: _look(place.at(key), item, items) for key, item in value.items()}


def _later(place: _Place, value: Any, wanted: _Type) -> "pulumi.Output[Any]":
    """A value that becomes known during the update; a mapping or a list is looked at then."""
    if not wanted.may_be_later:
        place.refuse(_OUTPUT, f"known while the program runs, as what is declared depends on it: {wanted.wanted}")
    later: pulumi.Output[Any] = pulumi.Output.from_input(value)  # which itself can be waited for more than once
    if wanted.items or wanted.by_name or wanted.fields:
        return later.apply(lambda found: _look(place, whole(found), wanted))
    return value if isinstance(value, pulumi.Output) else later


def whole(value: Any) -> Any:
    """A value with whole numbers in it, of which the engine's protocol makes fractions."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@functools.cache
def _types(schema: type) -> dict[str, _Type]:
    return {field: _type(schema, field, hint) for field, hint in schema.__annotations__.items()}


def _type(schema: type, field: str, hint: Any) -> _Type:
    later = _is_input(hint)
    hint = _unwrap(hint)
    origin, labels = typing.get_origin(hint), field == "selector"
    many, by_name = origin in (list, Sequence), origin in (dict, Mapping) and not labels
    return _Type(
        may_be_later=later,
        may_be_empty=field in _MAY_BE_EMPTY,
        items=_type(schema, field, typing.get_args(hint)[0]) if many else None,
        by_name=_type(schema, field, typing.get_args(hint)[1]) if by_name else None,
        fields=hint if typing.is_typeddict(hint) else None,
        choices=hint if isinstance(hint, type) and issubclass(hint, Enum) else None,
        value=_LABELS if labels else _check(schema, field) or _BASIC.get(hint, Check(lambda _: True, "given")),
    )


def _check(schema: type, field: str) -> Check | None:
    own = f"{schema.__name__}.{field}"
    return ROUTE_VALUES.get(own) or VALUES.get(own) or VALUES.get(field) or ROUTE_VALUES.get(field)


def _is_input(hint: Any) -> bool:
    """Whether a field is a `pulumi.Input[T]`: a T, an awaitable of it, or an Output of it."""
    if typing.get_origin(hint) is NotRequired:
        return _is_input(typing.get_args(hint)[0])
    return typing.get_origin(hint) is typing.Union


def _unwrap(hint: Any) -> Any:
    """The T of `NotRequired[T]`, and of `pulumi.Input[T]`."""
    wrapped = typing.get_origin(hint) in (NotRequired, typing.Union)
    return _unwrap(typing.get_args(hint)[0]) if wrapped else hint


def choice(component: str, name: str, field: str, value: object, choices: type[_E]) -> _E:
    """The member that `value` (a member, or its value as another language sends it) stands for."""
    try:
        return choices(value)
    except ValueError:
        refuse(component, name, field, value, f"one of {', '.join(repr(c.value) for c in choices)}")
