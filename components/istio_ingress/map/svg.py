"""The map as SVG, which a browser, a pull request and a wiki page show as it is."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from istio_ingress.map import layout
from istio_ingress.map.graph import COLUMNS, Box, Graph
from istio_ingress.map.text import fitted, width, wrapped
from istio_ingress.topology import Health

_TITLE, _DETAIL = 12.0 * 1.13, 10.5  # titles are bold, and so wider
_TITLE_LINE, _DETAIL_LINE = 16.0, 14.0
_PADDING, _GAP, _BETWEEN = 8.0, 9.0, 56.0
_MARGIN, _TOP = 20.0, 74.0
_NARROWEST, _WIDEST = 90.0, 310.0
_TROUBLE_LINES = 4
_STYLE = """\
text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#0f172a}
.title{font-size:12px;font-weight:600}.detail{font-size:10.5px;fill:#475569}.trouble{font-size:10.5px;fill:#b91c1c}
.head{font-size:11px;font-weight:600;fill:#64748b;letter-spacing:.04em}.name{font-size:16px;font-weight:700}
.box{fill:#fff;stroke:#94a3b8}.ok{stroke:#94a3b8}.unknown{stroke-dasharray:4 3;fill:#f8fafc}
.warning{fill:#fffbeb;stroke:#d97706}.broken{fill:#fef2f2;stroke:#dc2626;stroke-width:2}
.line{fill:none;stroke:#94a3b8;stroke-width:1.3}.line.unknown{stroke-dasharray:4 3;fill:none}
.line.warning{fill:none;stroke:#d97706}.line.broken{fill:none;stroke:#dc2626;stroke-width:2}"""
_CLASS = {Health.OK: "ok", Health.UNKNOWN: "unknown", Health.WARNING: "warning", Health.BROKEN: "broken"}


@dataclass(frozen=True)
class _Place:
    """A box's text as it is drawn, and how high that makes it."""

    lines: tuple[tuple[str, str], ...]
    """Class and text."""
    height: float


def svg(graph: Graph, name: str) -> str:
    """One picture; everything is in it, so that it can be attached anywhere. A box shows its whole text on hovering."""
    widths = [_column_width(graph.column(number)) for number in range(len(COLUMNS))]
    lefts = [_MARGIN + sum(widths[:number]) + _BETWEEN * number for number in range(len(COLUMNS))]
    places = {box: _place(box, widths[box.column]) for box in graph.boxes}
    tops = layout.tops(graph, {box: place.height for box, place in places.items()}, _GAP)
    right = lefts[-1] + widths[-1] + _MARGIN
    bottom = _TOP + max((tops[box] + places[box].height for box in graph.boxes), default=0.0) + _MARGIN
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{right:.0f}" height="{bottom:.0f}"'
        f' viewBox="0 0 {right:.0f} {bottom:.0f}" role="img">',
        f"<title>{escape(name)}: {escape(graph.summary)}</title>",
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="name" x="{_MARGIN}" y="30">{escape(name)}</text>',
        f'<text class="detail" x="{_MARGIN}" y="46">{escape(graph.summary)}</text>',
        *(f'<text class="head" x="{x:.1f}" y="66">{head}</text>' for x, head in zip(lefts, COLUMNS, strict=True)),
    ]
    # What is well is drawn first, so that red lines are on top.
    for start, end in sorted(graph.lines, key=lambda line: line[1].health):
        x1, x2 = lefts[start.column] + widths[start.column], lefts[end.column]
        y1, y2 = (_TOP + tops[box] + places[box].height / 2 for box in (start, end))
        bend = (x2 - x1) / 2
        path = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        drawn.append(f'<path class="line {_CLASS[end.health]}" d="{path}"/>')
    for box, place in places.items():
        drawn += _drawn(box, place, lefts[box.column], _TOP + tops[box], widths[box.column])
    return "\n".join([*drawn, "</svg>", ""])


def _column_width(boxes: list[Box]) -> float:
    titles = (width(title, _TITLE) for box in boxes for title in box.titles)
    details = (width(detail, _DETAIL) for box in boxes for detail in box.details)
    has_trouble = any(box.troubles for box in boxes)
    widest = max([*titles, *details, _WIDEST - 60 if has_trouble else 0.0], default=0.0)
    return min(max(widest + 2 * _PADDING, _NARROWEST), _WIDEST)


def _place(box: Box, box_width: float) -> _Place:
    room = box_width - 2 * _PADDING
    lines = [("title", fitted(title, _TITLE, room)) for title in box.titles]
    lines += [("detail", fitted(detail, _DETAIL, room)) for detail in box.details]
    for trouble in box.troubles:
        lines += [("trouble", line) for line in wrapped(trouble.text, _DETAIL, room, _TROUBLE_LINES)]
    height = sum(_TITLE_LINE if kind == "title" else _DETAIL_LINE for kind, _ in lines)
    return _Place(tuple(lines), height + 2 * _PADDING - 3)


def _drawn(box: Box, place: _Place, left: float, top: float, box_width: float) -> list[str]:
    whole = "\n".join([*box.titles, *box.details, *(f"{one.text} {one.remedy}".strip() for one in box.troubles)])
    drawn = [
        f"<g><title>{escape(whole)}</title>",
        f'<rect class="box {_CLASS[box.health]}" x="{left:.1f}" y="{top:.1f}" width="{box_width:.1f}"'
        f' height="{place.height:.1f}" rx="5"/>',
    ]
    y = top + _PADDING - 3
    for kind, line in place.lines:
        y += _TITLE_LINE if kind == "title" else _DETAIL_LINE
        drawn.append(f'<text class="{kind}" x="{left + _PADDING:.1f}" y="{y - 2:.1f}">{escape(line)}</text>')
    return [*drawn, "</g>"]
