"""What was meant by a field that there is not: another name, or another place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from istio_ingress.rules.schema.definitions import ANYTHING, Part
from istio_ingress.rules.schema.faults import Fault, Step, written
from istio_ingress.rules.words import some

#: How far below the place where a field stands it is looked for.
_DEPTH = 3


def near(name: str, known: Iterable[str]) -> str:
    """The known name that was probably meant; empty where none is near."""
    by_letters = {_letters(one): one for one in known}
    letters = _letters(name)
    if letters in by_letters:
        return by_letters[letters]
    close = difflib.get_close_matches(letters, by_letters, n=1, cutoff=0.78)
    return by_letters[close[0]] if close else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def explained(whole: Part, manifest: Mapping[str, Any], fault: Fault) -> Fault:
    """A fault about a field that there is not, in words."""
    *above, name = fault.steps
    here = _ancestors(whole, above)
    message = f"{name} is no field here: the API server refuses it, or drops it without a word."
    return replace(fault, message=message, remedy=_remedy(here, above, str(name), fault.meant))


def _remedy(here: list[Part], above: list[Step], name: str, meant: str) -> str:
    known = sorted(here[-1].fields)
    if len(known) == 1:
        return f"There is only {known[0]}."
    place = "" if _letters(meant) == _letters(name) else _place(here, above, name)
    if place or meant:
        return place or f"Write {meant}."
    return f"There are {some(known, 12)}." if known else "Take it away."


def _place(here: list[Part], above: list[Step], name: str) -> str:
    """Where a field of this name belongs, above or below; empty where there is none near."""
    for depth in range(len(here) - 1, -1, -1):
        if name in here[depth].fields:
            where = written(above[:depth])
            return f"It belongs in {where}, beside {some(_beside(here[depth], above[depth]))}." if where else _TOP
        below = _below(here[depth], name, _DEPTH if depth == len(here) - 1 else 1)
        if below:
            return f"It belongs in {some((written([*above[:depth], *steps]) for steps in below), 4)}."
    return ""


_TOP = "It belongs at the top, beside spec."


def _beside(part: Part, step: Step) -> list[str]:
    return [str(step)] if step in part.fields else sorted(part.fields)[:3]


def _ancestors(whole: Part, steps: list[Step]) -> list[Part]:
    """The parts on the way to a place, the whole first."""
    found = [whole]
    for step in steps:
        part = found[-1]
        inner = part.items if isinstance(step, int) else part.fields.get(step, part.others)
        found.append(inner or ANYTHING)
    return found


def _below(part: Part, name: str, depth: int) -> list[tuple[Step, ...]]:
    """The nearest places below a part that have a field of this name."""
    level: list[tuple[tuple[Step, ...], Part]] = [((), part)]
    for _ in range(depth):
        level = [
            ((*steps, f"{key}[]" if field.items else key), field.items or field)
            for steps, one in level
            for key, field in one.fields.items()
        ]
        found = [steps for steps, one in level if name in one.fields]
        if found:
            return found
    return []
