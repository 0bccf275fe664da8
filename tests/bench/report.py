"""docs/performance.md and docs/scale.md: their tables and charts, from the latest results."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import pygal
from pygal.style import CleanStyle

from tests.bench.figures import RESULTS, Figure, held_against, read

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
PAGES = (PAGE, PAGE.with_name("scale.md"))
CHARTS = PAGE.parent / "charts"
BLOCK = re.compile(r"(<!-- figures of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
SIZE = {"width": 640, "height": 320}


def write_report() -> None:
    """Put each bench's figures in their place on the pages, and draw a chart a series."""
    for one in PAGES:
        one.write_text(page(one.read_text()))
    CHARTS.mkdir(exist_ok=True)
    for path, svg in charts().items():
        path.write_bytes(svg)


def page(text: str) -> str:
    """The page with the tables of the latest results in it."""
    return BLOCK.sub(lambda block: f"{block[1]}{_tables(block[2])}{block[3]}", text)


def charts() -> dict[Path, bytes]:
    """A picture for each thing that was measured at several sizes."""
    found = {}
    for path in sorted(RESULTS.glob("*.json")):
        for name, series in _series(read(path)).items():
            found[CHARTS / _file(path.stem, name)] = _chart(name, series)
    return found


def _tables(bench: str) -> str:
    path = RESULTS / f"{bench}.json"
    if not path.exists():
        return f"Not measured yet: `python -m tests.bench run {bench}`.\n"
    figures = read(path)
    pictures = [f"![{name}](charts/{_file(bench, name)})" for name in _series(figures)]
    return "\n".join([*_table(figures), *([""] if pictures else []), *pictures, ""])


def _table(figures: Sequence[Figure]) -> list[str]:
    rows = ["| figure | way | median | range | held against |", "|---|---|---:|---:|---|"]
    for figure in figures:
        name = figure.name if figure.size is None else f"{figure.name}, {figure.size:,} hosts"
        low, high = (_number(one) for one in (min(figure.values), max(figure.values)))
        median = f"{_number(figure.median)} {figure.unit}"
        rows.append(f"| {name} | {figure.way} | {median} | {low}..{high} | {held_against(figure, figures)} |")
    return rows


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _series(figures: Iterable[Figure]) -> dict[str, list[Figure]]:
    """What was measured at more than one size, by name."""
    sized = [figure for figure in figures if figure.size is not None]
    by_name = {name: list(group) for name, group in groupby(sized, lambda figure: figure.name)}
    return {name: group for name, group in by_name.items() if len({figure.size for figure in group}) > 1}


def _chart(name: str, figures: Sequence[Figure]) -> bytes:
    sizes = sorted({figure.size or 0 for figure in figures})
    chart = pygal.Line(
        **SIZE,
        style=CleanStyle,
        js=[],
        no_prefix=True,
        pretty_print=True,
        logarithmic=True,
        legend_at_bottom=True,
        title=f"{name} ({figures[0].unit})",
        x_title="hosts",
    )
    chart.x_labels = [f"{size:,}" for size in sizes]
    for way in dict.fromkeys(figure.way for figure in figures):
        medians = {figure.size: figure.median for figure in figures if figure.way == way}
        chart.add(way, [medians.get(size) for size in sizes])
    svg: bytes = chart.render()
    return COMMENT.sub(b"", svg)  # pygal writes today's date into it


def _file(bench: str, name: str) -> str:
    return f"{bench}-{re.sub(r'[^a-z0-9]+', '-', name.lower())}.svg"
