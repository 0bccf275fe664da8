"""Two results files of one bench held against each other: what has become worse."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from tests.bench.figures import MORE_IS_BETTER, Figure

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


def changes(old: Iterable[Figure], new: Iterable[Figure]) -> list[Change]:
    """Every figure that is in both."""
    before, after = ({figure.key: figure for figure in figures} for figures in (old, new))
    return [_change(before[key], after[key], before, after) for key in before if key in after]


Figures = dict[tuple[str, int, str], Figure]


def _change(old: Figure, new: Figure, before: Figures, after: Figures) -> Change:
    name = f"{old.name}, {old.size} hosts, {old.way}" if old.size else f"{old.name}, {old.way}"
    baselines = [figures.get((old.name, old.size or 0, old.against)) for figures in (before, after)]
    unit, then, now = old.unit, list(old.values), list(new.values)
    if baselines[0] and baselines[1]:
        name, unit = f"{name} to {old.against}", "x"
        then, now = _ratios(old, baselines[0]), _ratios(new, baselines[1])
    return Change(name, statistics.median(then), statistics.median(now), unit, _verdict(then, now, old.unit))


def _ratios(figure: Figure, baseline: Figure) -> list[float]:
    return [one / other for one, other in zip(figure.values, baseline.values, strict=True)]


def _verdict(then: list[float], now: list[float], unit: str) -> str:
    old, new = statistics.median(then), statistics.median(now)
    if min(then) <= new <= max(then) or abs(new - old) <= NOTICED * old:
        return ""
    return "better" if (new > old) == (unit in MORE_IS_BETTER) else "worse"
