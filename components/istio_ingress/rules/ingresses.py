"""Kubernetes Ingresses, as far as Istio serves them."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import Node

CONTROLLER = "istio.io/ingress-controller"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
#: What Istio selects for Ingresses unless the mesh configuration says otherwise.
#: What makes a path of the type ImplementationSpecific a prefix to Istio.
GLOBS = ("/*", ".*")


class IngressClass(Resource):
    """Which controller serves the Ingresses of a class."""

    @cached_property
    def is_istios(self) -> bool:
        """Whether Istio does."""
        return self.spec.text("controller") == CONTROLLER


class Ingress(Resource):
    """A Kubernetes Ingress."""

    @cached_property
    def annotated_class(self) -> str:
        """The class that the old annotation names; empty when there is none."""
        return self.metadata.node("annotations").text(CLASS_ANNOTATION)

    @cached_property
    def class_name(self) -> str:
        """The name of its IngressClass; empty when there is none."""
        return self.spec.text("ingressClassName")

    @property
    def paths(self) -> Iterator[Node]:
        """Its paths, each with a type and a backend."""
        for rule in self.spec.nodes("rules"):
            yield from rule.node("http").nodes("paths")

    @property
    def backends(self) -> Iterator[Node]:
        """The Services that it leads to."""
        held = [path.node("backend") for path in self.paths] + [self.spec.node("defaultBackend")]
        return (backend.node("service") for backend in held if "service" in backend)

    @property
    def tls(self) -> list[Node]:
        """Its hosts that are served over TLS, each list with a Secret."""
        return self.spec.nodes("tls")
