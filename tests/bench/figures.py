"""What a bench finds: values of one thing measured in several ways, and the results file that holds them."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"
MORE_IS_BETTER = frozenset({"1/s"})


@dataclass(frozen=True)
class Figure:
    """One thing, measured in one way.

    The n-th values of two ways of the same thing were measured right after each other, so a ratio is made pair by pair.
    """

    name: str
    """What is measured: `preview`, `peak memory of the program`."""
    way: str
    """How: `ours`, `bare`, `RSA-2048`."""
    unit: str
    """`s`, `ms`, `MB`, `KB`; more is better of `1/s`, less of all others."""
    values: Sequence[float]
    size: int | None = None
    """Where it is one of a series: how many hosts."""
    reach: float | None = None
    """What the first way is meant to keep: a ratio to `against`, or a value where that is empty."""
    against: str = ""
    """The way that the ratio is made to."""

    @property
    def key(self) -> tuple[str, int, str]:
        """What makes it the same figure in another run."""
        return self.name, self.size or 0, self.way

    @property
    def median(self) -> float:
        """The median of the values."""
        return statistics.median(self.values)


def ratios(figure: Figure, figures: Iterable[Figure]) -> list[float]:
    """Those to the way that the figure is held against, round by round; none where it stands alone."""
    baseline = figure.name, figure.size or 0, figure.against
    for other in figures:
        if other.key == baseline:
            return [one / another for one, another in zip(figure.values, other.values, strict=True)]
    return []


def table(figures: Sequence[Figure]) -> list[str]:
    """A line a figure: median, spread, and the ratio or the value that it is held against."""
    return [_row(figure, figures) for figure in figures]


def held_against(figure: Figure, figures: Iterable[Figure]) -> str:
    """The ratio to the other way, where it has one, and the reach."""
    reach = "" if figure.reach is None else f"reach {figure.reach:g}"
    if found := ratios(figure, figures):
        return f"{statistics.median(found):.2f} x {figure.against}" + (f" ({reach})" if reach else "")
    return f"{reach} {figure.unit}" if reach else ""


def write(bench: str, figures: Iterable[Figure]) -> Path:
    """Keep a bench's latest figures."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{bench}.json"
    content = {"cores": os.cpu_count(), "figures": [_plain(figure) for figure in figures]}
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def read(path: Path) -> list[Figure]:
    """The figures of a results file.

    Raises:
        ValueError: where it is none.
    """
    try:
        return [Figure(**figure) for figure in json.loads(path.read_text())["figures"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no results file of a bench: {error!r}") from None


def _plain(figure: Figure) -> dict[str, object]:
    return {
        key: [round(one, 4) for one in value] if key == "values" else value
        for key, value in asdict(figure).items()
        if value not in (None, "")
    }


def _row(figure: Figure, figures: Iterable[Figure]) -> str:
    name = figure.name if figure.size is None else f"{figure.name}, {figure.size} hosts"
    spread = f"{min(figure.values):.4g}..{max(figure.values):.4g}"
    measured = f"{name:<44}{figure.way:<32}{figure.median:>9.4g} {figure.unit:<4}{spread:>18}"
    return f"{measured}   {held_against(figure, figures)}".rstrip()
