"""Small words for messages."""

from __future__ import annotations

import re
from collections.abc import Iterable


def some(things: Iterable[object], limit: int = 3) -> str:
    """The first of many things: `a, b, c and 4 more`."""
    things = list(things)
    rest = f" and {len(things) - limit} more" if len(things) > limit else ""
    return ", ".join(map(str, things[:limit])) + rest


def those_of(things: Iterable[object]) -> str:
    """What there is instead, for the end of a sentence: `; there are: a, b`."""
    listed = some(things, 6)
    return f"; there are: {listed}" if listed else "; there are none at all"


def labels(selector: dict[str, str]) -> str:
    """A selector as kubectl writes it: `app=web,istio=ingress`."""
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "every pod"


class NearNames:
    """Names, to be asked which of them was meant by another; the time of an answer does not grow with their number."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_part: dict[str, list[str]] = {}
        for name in names:
            for part in _shortened(name):
                self._by_part.setdefault(part, []).append(name)

    def near(self, name: str) -> str:
        """The only one that differs in one letter; empty if none or several do.

        A letter is added, left out or exchanged, or two are swapped. Names that differ in a number, such as `web-1`
        and `web-2`, are two names.
        """
        candidates = {other for part in _shortened(name) for other in self._by_part.get(part, ())}
        found = [other for other in candidates if name != other and _one_letter_apart(name, other)]
        return found[0] if len(found) == 1 else ""


def _shortened(name: str) -> set[str]:
    """A name, whole and without each of its letters: two that are one letter apart have one of these in common."""
    return {name, *(name[:at] + name[at + 1 :] for at in range(len(name)))}


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
