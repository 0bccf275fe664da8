"""The map: hosts, listeners, routes, Services and pods as a picture, with what is broken in red."""

from doctor.map.graph import Graph, graph
from doctor.map.mermaid import mermaid
from doctor.map.preview import Planned
from doctor.map.svg import svg

__all__ = ["Graph", "Planned", "graph", "mermaid", "svg"]
