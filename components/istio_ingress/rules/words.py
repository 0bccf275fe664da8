"""Small words for messages."""

from __future__ import annotations

import re
from collections.abc import Iterable


def some(things: Iterable[object], limit: int = 3) -> str:
    """The first of many things: `a, b, c and 4 more`."""
    names = [str(thing) for thing in things]
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + rest


def those_of(things: Iterable[object]) -> str:
    """What there is instead, for the end of a sentence: `; there are: a, b`."""
    listed = some(things, 6)
    return f"; there are: {listed}" if listed else "; there are none at all"


def labels(selector: dict[str, str]) -> str:
    """A selector as kubectl writes it: `app=web,istio=ingress`."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "every pod"


def near(name: str, others: Iterable[str]) -> str:
    """The only one of other names that differs in one letter; empty if none or several do.

    A letter is added, left out or exchanged, or two are swapped. Names that differ in a number, such as `web-1`
    and `web-2`, are two names.
    """
    found = [other for other in others if name != other and _one_letter_apart(name, other)]
    return found[0] if len(found) == 1 else ""


def _one_letter_apart(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 3 or re.sub(r"\D", "", one) != re.sub(r"\D", "", other) or _letters(one) != _letters(other):
        return False
    start = next((at for at, pair in enumerate(zip(shorter, longer, strict=False)) if len(set(pair)) > 1), len(shorter))
    if len(longer) == len(shorter):
        swapped = shorter[:start] + shorter[start + 1 : start + 2] + shorter[start : start + 1] + shorter[start + 2 :]
        return swapped == longer or shorter[start + 1 :] == longer[start + 1 :]
    return len(longer) == len(shorter) + 1 and shorter[start:] == longer[start + 1 :]


def quoted(text: object) -> str:
    """A value for a message, cut short."""
    written = repr(text)
    return written if len(written) <= 80 else f"{written[:60]}…{written[-1]}"


def _letters(name: str) -> list[str]:
    """The parts of a name that are one letter, as in `web-a`: they tell names apart."""
    return [part for part in re.split(r"[-.]", name) if len(part) == 1]
