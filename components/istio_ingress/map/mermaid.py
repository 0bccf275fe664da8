"""The map as Mermaid, which GitHub and GitLab draw in a comment or a page."""

from __future__ import annotations

from istio_ingress.map.graph import Box, Graph
from istio_ingress.map.text import shortened
from istio_ingress.topology import Health

#: Mermaid refuses longer texts, and more lines, unless whoever draws it was told otherwise.
LONGEST_TEXT, MOST_LINES = 50_000, 500
_WIDEST, _WIDEST_DETAIL = 36, 56
_TROUBLE = 90
_CLASSES = {Health.BROKEN: "broken", Health.WARNING: "warning", Health.UNKNOWN: "unknown"}
_STYLES = """\
  classDef broken fill:#fee2e2,stroke:#dc2626,stroke-width:2px,color:#7f1d1d
  classDef warning fill:#fef3c7,stroke:#d97706,color:#78350f
  classDef unknown stroke-dasharray:4 3"""


def mermaid(graph: Graph) -> str:
    """A flowchart; the details that say what is well are left out where it would be too long to be drawn."""
    full = _drawn(graph, details=True)
    return full if len(full) <= LONGEST_TEXT else _drawn(graph, details=False)


def _drawn(graph: Graph, *, details: bool) -> str:
    boxes = [f"  {box.id}[{_label(box, details=details)}]{_style(box)}" for box in graph.boxes]
    lines = [f"  {start.id} --> {end.id}" for start, end in graph.lines]
    return "\n".join(["flowchart LR", f"  %% {graph.summary}", *boxes, *lines, _STYLES, ""])


def _label(box: Box, *, details: bool) -> str:
    words = [shortened(title, _WIDEST) for title in box.titles]
    words += [shortened(detail, _WIDEST_DETAIL) for detail in box.details if details or box.health]
    words += [shortened(trouble.text, _TROUBLE) for trouble in box.troubles]
    return '"' + "<br/>".join(_escaped(word) for word in words) + '"'


def _style(box: Box) -> str:
    return f":::{_CLASSES[box.health]}" if box.health in _CLASSES else ""


def _escaped(text: str) -> str:
    for character, entity in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, entity)
    # A line that begins like a list would be drawn as one.
    return text.replace("`", "#96;").replace("*", "#42;")
