"""Small words for messages."""

from __future__ import annotations

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
