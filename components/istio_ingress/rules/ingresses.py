"""Kubernetes Ingresses, as far as Istio serves them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import Node

CONTROLLER = "istio.io/ingress-controller"
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
#: How the settings of a controller begin that are written as annotations: `nginx.ingress.kubernetes.io/rewrite-target`.
_SETTING = re.compile(r"([a-z-]+\.)?ingress\.kubernetes\.io/")
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

    @cached_property
    def other_controllers(self) -> list[str]:
        """Its annotations that are settings of other controllers, such as ingress-nginx; Istio reads none of them."""
        return [name for name in self.metadata.node("annotations").value if _SETTING.match(name)]

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
