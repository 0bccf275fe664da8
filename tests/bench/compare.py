"""Two results files of one bench held against each other: what has become worse."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.figures import MORE_IS_BETTER, Figure, ratios

NOTICED = 0.05
"""A change is one from this share on, and only where it leaves the range of the old values."""


@dataclass(frozen=True)
class Change:
    """One figure, then and now: of a pair the ratio, which another machine changes less than the seconds."""

    name: str
    old: float
    new: float
    unit: str
    verdict: str
    """`worse`, `better`, or empty where it is neither."""

    def row(self) -> str:
        """One line for people."""
        return f"{self.name:<72}{self.old:>10.4g}{self.new:>10.4g} {self.unit:<5}{self.verdict}".rstrip()


def changes(old: Sequence[Figure], new: Sequence[Figure]) -> list[Change]:
    """Every figure that is in both."""
    after = {figure.key: figure for figure in new}
    return [_change(figure, after[figure.key], old, new) for figure in old if figure.key in after]


def _change(old: Figure, new: Figure, before: Sequence[Figure], after: Sequence[Figure]) -> Change:
    name = f"{old.name}, {old.size} hosts, {old.way}" if old.size else f"{old.name}, {old.way}"
    unit, then, now = old.unit, ratios(old, before), ratios(new, after)
    if then and now:
        name, unit = f"{name} to {old.against}", "x"
    else:
        then, now = list(old.values), list(new.values)
    return Change(name, statistics.median(then), statistics.median(now), unit, _verdict(then, now, old.unit))


def _verdict(then: list[float], now: list[float], unit: str) -> str:
    old, new = statistics.median(then), statistics.median(now)
    if min(then) <= new <= max(then) or abs(new - old) <= NOTICED * old:
        return ""
    return "better" if (new > old) == (unit in MORE_IS_BETTER) else "worse"
