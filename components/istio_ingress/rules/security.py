"""Istio's security objects, as far as they decide which requests a gateway's routes take."""

from __future__ import annotations

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Resource


class WorkloadPolicy(Resource):
    """An object that applies to the workloads of its namespace, or to those that it selects there."""

    @cached_property
    def selector(self) -> dict[str, str]:
        """The labels of the workloads; none select all of the namespace, in Istio's own all of the mesh."""
        return self.spec.node("selector").labels("matchLabels")

    @property
    def names_its_targets(self) -> bool:
        """Whether it names objects, such as a Gateway of the Gateway API, instead of selecting workloads."""
        return "targetRef" in self.spec or bool(self.spec.value.get("targetRefs"))


class RequestAuthentication(WorkloadPolicy):
    """Which tokens are accepted. Requests without a token are not refused by it."""


class AuthorizationPolicy(WorkloadPolicy):
    """Which requests are let in."""
