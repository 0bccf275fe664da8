"""The map: hosts, listeners, routes, Services and pods as a picture, with what is broken in red."""

from istio_ingress.map.graph import Graph, graph
from istio_ingress.map.mermaid import mermaid
from istio_ingress.map.svg import svg

__all__ = ["Graph", "graph", "mermaid", "svg"]
