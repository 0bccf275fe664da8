"""An object held against its CRD: the fields that there are, their types and their values.

Each part of the schema becomes one function, made when it is first needed, so that judging costs little more than
walking the object.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from istio_ingress.rules.names import LONGEST_LABEL, LONGEST_NAME, is_dns_subdomain, is_label_key, is_label_value
from istio_ingress.rules.schema import placement
from istio_ingress.rules.schema.definitions import ANYTHING, Part
from istio_ingress.rules.schema.expressions import EXPRESSIONS
from istio_ingress.rules.schema.faults import Fault, Place, steps_to
from istio_ingress.rules.schema.fields import LISTS, MAPPINGS
from istio_ingress.rules.values import UNKNOWN, UnknownValueError, shape
from istio_ingress.rules.words import quoted

Check = Callable[[Any, "Place | None", list[Fault]], None]

_INT32 = 2**31
#: Values of one field that were found right: ports, timeouts and their like are the same everywhere.
_MOST_REMEMBERED = 4096
_USUAL: dict[str, type] = {"string": str, "boolean": bool, "integer": int}
_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "integer or string": "a whole number or a string",
}


def faults(whole: Part, manifest: Mapping[str, Any]) -> list[Fault]:
    """All that is wrong with a manifest by the schema of its kind. Unknown values are not judged."""
    found: list[Fault] = []
    _check(whole)(manifest, None, found)
    return [placement.explained(whole, manifest, fault) if fault.rule == "field-unknown" else fault for fault in found]


@cache
def _check(part: Part) -> Check:
    if part is ANYTHING:
        return _anything
    if part.type == "object":
        return _object(part)
    if part.type == "array":
        return _array(part)
    return _scalar(part)


def _anything(_value: Any, _place: Place | None, _found: list[Fault]) -> None:
    return


def _object(part: Part) -> Check:
    checks = {name: _check(field) for name, field in part.fields.items()}
    sound = {name: kind for name, field in part.fields.items() if (kind := _sound(field))}
    others = _check(part.others) if part.others else None
    judge = _all_of(*_bounds(part), *map(_choice, part.choices), *map(_expression, part.validations))
    required = part.required

    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        if not isinstance(value, MAPPINGS):
            found.append(_misshapen(part, value, place))
            return
        strangers: list[str] = []
        for key, item in value.items():
            if type(item) is sound.get(key):
                continue
            field = checks.get(key, others)
            if field is None:
                strangers.append(key)
            elif item is not None and item is not UNKNOWN:
                field(item, (place, key), found)
        missing = [key for key in required if value.get(key) is None] if required else []
        if strangers or missing:
            found += _unfit(part, value, place, strangers, missing)
        if judge:
            has_null = None in value.values()
            judge({k: v for k, v in value.items() if v is not None} if has_null else value, place, found)

    return check


def _unfit(
    part: Part, value: Mapping[str, Any], place: Place | None, strangers: list[str], missing: list[str]
) -> list[Fault]:
    """Fields that there are not, and fields that are not there. Kustomize's `$patch` and its like make it a patch."""
    near = {
        key: placement.near(key, part.fields.keys() - value.keys()) for key in map(str, strangers) if key[:1] != "$"
    }
    unknown = [Fault("field-unknown", steps_to((place, key)), "", "", meant) for key, meant in near.items()]
    if len(near) < len(strangers):
        return unknown
    return unknown + [_missing(key, place) for key in missing if key not in near.values()]


def _array(part: Part) -> Check:
    item, sound = _check(part.items or ANYTHING), _sound(part.items or ANYTHING)
    shape_of_items = _WORDS[part.items.type] if part.items and part.items.type else ""
    judge = _all_of(
        *_bounds(part), *([_unique(part.unique)] if part.unique else []), *map(_expression, part.validations)
    )

    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        if not isinstance(value, LISTS) or isinstance(value, str | bytes):
            found.append(_misshapen(part, value, place))
            return
        for position, one in enumerate(value):
            if type(one) is sound:
                continue
            if one is None and shape_of_items:
                where = steps_to((place, position))
                found.append(Fault("manifest-malformed", where, "This is null.", f"It must be {shape_of_items}."))
            elif one is not UNKNOWN:
                item(one, (place, position), found)
        if judge:
            judge(value, place, found)

    return check


def _scalar(part: Part) -> Check:
    fits = _FITS[part.type]
    usual = _USUAL.get(part.type)
    judge = _judge_of_scalar(part)
    passed: set[Any] = set()

    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        if type(value) is usual and value in passed:
            return
        if not fits(value):
            found.append(_misshapen(part, value, place))
        elif judge:
            faults_before = len(found)
            judge(value, place, found)
            if len(found) == faults_before and len(passed) < _MOST_REMEMBERED:
                passed.add(value)

    return check


def _judge_of_scalar(part: Part) -> Check | None:
    return _all_of(*([_one_of(part.enum)] if part.enum else []), *_bounds(part), *map(_expression, part.validations))


def _sound(part: Part) -> type | None:
    """The type of which every value is right for a part, and needs no further look; most values of manifests are."""
    return _USUAL.get(part.type) if part is not ANYTHING and not _judge_of_scalar(part) else None


def _is_whole(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


_FITS: dict[str, Callable[[Any], bool]] = {
    "": lambda _: True,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_whole,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer or string": lambda value: isinstance(value, str) or _is_whole(value),
}


def _all_of(*checks: Check) -> Check | None:
    if len(checks) < 2:
        return checks[0] if checks else None

    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        for one in checks:
            one(value, place, found)

    return check


def _misshapen(part: Part, value: Any, place: Place | None) -> Fault:
    remedy = f"It must be {_WORDS[part.type]}"
    if isinstance(value, str) and part.type in ("integer", "number", "boolean"):
        remedy += ": write it without quotes"
    elif part.type == "string" and isinstance(value, int | float):
        remedy += ", with a unit: 5s" if _is_duration(part) else ": write it in quotes"
    return Fault("manifest-malformed", steps_to(place), f"This is {shape(value)}.", f"{remedy}.")


def _is_duration(part: Part) -> bool:
    return any(EXPRESSIONS[one].about == "duration" for one in part.validations)


def _missing(key: str, place: Place | None) -> Fault:
    return Fault("field-missing", steps_to((place, key)), f"There is no {key}.", "Add it: it is required here.")


def _choice(fields: tuple[str, ...]) -> Check:
    def check(value: Mapping[str, Any], place: Place | None, found: list[Fault]) -> None:
        there = [name for name in fields if value.get(name) is not None and value.get(name) is not UNKNOWN]
        if len(there) > 1:
            steps = steps_to((place, there[1]))
            found.append(Fault("fields-exclusive", steps, f"There are {' and '.join(there)}.", "Keep one of them."))

    return check


def _unique(keys: tuple[str, ...]) -> Check:
    def check(value: Sequence[Any], place: Place | None, found: list[Fault]) -> None:
        seen: list[list[Any]] = []
        for position, item in enumerate(value):
            if isinstance(item, Mapping):
                mark = [item.get(key) for key in keys]
                if mark in seen and UNKNOWN not in mark and None not in mark:
                    steps = steps_to((place, position))
                    named = " and ".join(keys)
                    message = f"The {named} is that of another item."
                    found.append(Fault("value-refused", steps, message, f"Give every item a {named} of its own."))
                seen.append(mark)

    return check


def _expression(text: str) -> Check:
    expression = EXPRESSIONS[text]
    rule = "duration-invalid" if expression.about == "duration" else "value-refused"

    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        try:
            holds = expression.holds(value)
        except UnknownValueError:
            return
        except (TypeError, ValueError, AttributeError):
            holds = False
        if not holds:
            message = expression.message
            if isinstance(value, str | int | float):
                message = message.replace("This", quoted(value), 1)
            found.append(Fault(rule, steps_to(place), message, expression.remedy))

    return check


def _one_of(allowed: tuple[str, ...]) -> Check:
    def check(value: str, place: Place | None, found: list[Fault]) -> None:
        if value not in allowed:
            near = placement.near(value, allowed)
            steps = steps_to(place)
            remedy = f"Use {near or ', '.join(allowed)}."
            found.append(Fault("value-refused", steps, f"There is no {steps[-1]} {quoted(value)}.", remedy))

    return check


def _bounds(part: Part) -> list[Check]:
    made = [_BOUNDS[key](limit) for key, limit in part.bounds.items() if key in _BOUNDS]
    if part.type == "integer" and part.bounds.get("format") == "int32":
        made += [_refuse_unless(lambda n: -_INT32 <= n < _INT32, "The number is out of range.", "Use a smaller one.")]
    made += [_refuse_unless(*form) for form in (_FORMATS.get(part.bounds.get("format", "")),) if form]
    return made


def _refuse_unless(holds: Callable[[Any], bool], message: str, remedy: str) -> Check:
    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        if not holds(value):
            said = message.replace("This", quoted(value), 1) if isinstance(value, str) else message
            found.append(Fault("value-refused", steps_to(place), said, remedy))

    return check


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _are_label_keys(labels: Mapping[str, Any]) -> bool:
    return all(map(is_label_key, labels))


_LABEL_REMEDY = f"Use at most {LONGEST_LABEL} letters, digits, -, _ and dots."
#: How Kubernetes judges names and labels, and bytes in JSON.
_FORMATS: dict[str, tuple[Callable[[Any], bool], str, str]] = {
    "byte": (_is_base64, "This is not base64.", "Encode the bytes in base64."),
    "name": (
        is_dns_subdomain,
        "This is no name of an object.",
        f"Use at most {LONGEST_NAME} of a-z, 0-9, - and dots.",
    ),
    "label": (
        is_label_value,
        "This is no value of a label.",
        _LABEL_REMEDY,
    ),
    "label keys": (_are_label_keys, "A label's name is none.", _LABEL_REMEDY),
}


def _counted(limit: int, things: str, *, at_least: bool) -> Check:
    def check(value: Any, place: Place | None, found: list[Fault]) -> None:
        many = len(value)
        if many < limit if at_least else many > limit:
            message = "This is empty." if many == 0 else f"There are {many} {things}."
            remedy = f"Use {'at least' if at_least else 'at most'} {limit}."
            found.append(Fault("value-refused", steps_to(place), message, remedy))

    return check


def _limited(limit: float, *, at_least: bool) -> Check:
    def check(value: float, place: Place | None, found: list[Fault]) -> None:
        if value < limit if at_least else value > limit:
            remedy = f"Use {limit:g} or {'more' if at_least else 'less'}."
            found.append(Fault("value-refused", steps_to(place), f"The number is {value:g}.", remedy))

    return check


def _patterned(pattern: str) -> Check:
    expression = re.compile(pattern, re.ASCII)

    def check(value: str, place: Place | None, found: list[Fault]) -> None:
        if not expression.search(value) or value.endswith("\n"):
            message = f"{quoted(value)} is not of the form that is asked for."
            found.append(Fault("value-refused", steps_to(place), message, f"It must match {pattern}."))

    return check


_BOUNDS: dict[str, Callable[[Any], Check]] = {
    "minimum": lambda limit: _limited(limit, at_least=True),
    "maximum": lambda limit: _limited(limit, at_least=False),
    "minLength": lambda limit: _counted(limit, "characters", at_least=True),
    "maxLength": lambda limit: _counted(limit, "characters", at_least=False),
    "minItems": lambda limit: _counted(limit, "items", at_least=True),
    "maxItems": lambda limit: _counted(limit, "items", at_least=False),
    "minProperties": lambda limit: _counted(limit, "fields", at_least=True),
    "maxProperties": lambda limit: _counted(limit, "fields", at_least=False),
    "pattern": _patterned,
}
