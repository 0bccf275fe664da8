"""Every field of every component, found by its annotation, and arguments with a value in it."""

import typing
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import NotRequired

from istio_ingress.plugin import COMPONENTS
from tests.unit.components.least import least
from tests.unit.components.right_values import BESIDE, ELSEWHERE, INSTEAD, RIGHT, SPECIAL, STARTS


class Key(str):
    """A person's own name for something, in a path."""

    __slots__ = ()


class Place(typing.NamedTuple):
    """A field, as its annotations tell it."""

    component: type
    path: tuple
    """Names and positions that lead to it."""
    hint: object
    required: bool
    holders: tuple
    """The types that it stands in, the nearest last."""

    @property
    def names(self):
        names = [step for step in self.path if isinstance(step, str) and not isinstance(step, Key)]
        return [self.component.__name__, *names]

    @property
    def field(self):
        return self.names[-1]

    @property
    def shown(self):
        return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in self.path)[1:]

    @property
    def is_input(self):
        return typing.get_origin(bare(self.hint)) is typing.Union

    @property
    def is_list(self):
        return typing.get_origin(plain(self.hint)) is Sequence

    @property
    def is_mapping(self):
        return typing.get_origin(plain(self.hint)) is Mapping

    def at(self, ends, default=None):
        """What a table has for this place: by the end of its path."""
        whole = "." + ".".join(self.names)
        return next((value for end, value in ends.items() if whole.endswith(f".{end}")), default)

    def right(self):
        held = plain(typing.get_args(plain(self.hint))[-1] if self.is_list or self.is_mapping else self.hint)
        value = self.at(SPECIAL, start(held) if typing.is_typeddict(held) else RIGHT.get(self.field))
        if self.is_list:
            return [value]
        return {"x-one": value} if self.is_mapping and self.field not in SPECIAL and self.field != "selector" else value

    def args(self, value):
        """Arguments with this value in the field, and around it what must be there."""
        beside = self.at(BESIDE, {})
        whole = holder = deepcopy(least(self.component)) | beside.get("", {})
        for upto, (step, below) in enumerate(pairwise(self.path), start=1):
            make_room(holder, step)
            hint = plain(HINTS[self.component, self.path[:upto]])
            holder[step] = start(hint) if typing.is_typeddict(hint) else {} if isinstance(below, Key) else [None]
            holder = holder[step]
        make_room(holder, self.path[-1])
        if isinstance(holder, dict):
            holder.update({key: more for key, more in beside.items() if key})
        holder[self.path[-1]] = value
        return whole


def make_room(holder, step):
    for other in INSTEAD.get(step, ()) if isinstance(holder, dict) else ():
        holder.pop(other, None)


def bare(hint):
    return bare(typing.get_args(hint)[0]) if typing.get_origin(hint) is NotRequired else hint


def plain(hint):
    wrapped = typing.get_origin(hint) in (NotRequired, typing.Union)
    return plain(typing.get_args(hint)[0]) if wrapped else hint


def start(hint):
    """The least of a type: the fields that it needs."""
    return {field: least_of(field, hint.__annotations__[field]) for field in sorted(hint.__required_keys__)} | deepcopy(
        STARTS.get(hint.__name__, {})
    )


def least_of(field, hint):
    if typing.get_origin(plain(hint)) is Sequence:
        return [least_of(field, typing.get_args(plain(hint))[0])]
    if typing.get_origin(plain(hint)) is Mapping:
        return {"x-one": least_of(field, typing.get_args(plain(hint))[1])}
    return start(plain(hint)) if typing.is_typeddict(plain(hint)) else RIGHT[field]


HINTS = {}


def walk(component, schema, path=(), holders=()):
    for field, hint in schema.__annotations__.items():
        yield from below(component, (*path, field), hint, field in schema.__required_keys__, (*holders, schema))


def below(component, path, hint, required, holders):
    HINTS[component, path] = hint
    yield Place(component, path, hint, required, holders)
    held = plain(hint)
    if typing.is_typeddict(held):
        yield from walk(component, held, path, holders)
    elif typing.get_origin(held) is Sequence:
        yield from below(component, (*path, 0), typing.get_args(held)[0], True, holders)
    elif typing.get_origin(held) is Mapping and path[-1] not in ("patches", "selector"):
        yield from below(component, (*path, Key("x-one")), typing.get_args(held)[1], True, holders)


def places():
    """Every field of each component, and every field of a type within them once for each place of that type."""
    seen = set()
    for component in COMPONENTS:
        for place in walk(component, component._takes):
            if place.path[:1] == ("tls_secrets",) and len(place.path) > 1:
                continue  # each must be that of a host, which has a test of its own
            if "expect" in place.names and component.__name__ != "HostRoutes":
                continue  # a preview proves what is expected by the component's own routes: tests/unit/expected
            once = (place.holders[-1], tuple(place.path[-3:] if len(place.holders) > 1 else place.path))
            if not place.at(dict.fromkeys(ELSEWHERE, True)) and once not in seen:
                seen.add(once)
                yield place
