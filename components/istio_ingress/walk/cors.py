"""Cross-origin requests: which preflights the gateway answers itself, as Envoy's filter does."""

from __future__ import annotations

from dataclasses import dataclass

from istio_ingress.rules.patterns import Pattern
from istio_ingress.rules.schema.durations import SECOND, nanoseconds
from istio_ingress.rules.values import Node
from istio_ingress.walk.request import Request


@dataclass(frozen=True)
class Cors:
    """The CORS policy of a route."""

    node: Node

    @classmethod
    def of(cls, route: Node) -> Cors | None:
        """A route's policy, if it has one."""
        return cls(route.node("corsPolicy")) if "corsPolicy" in route else None

    def answers(self, request: Request) -> bool:
        """Whether the gateway answers: preflights of allowed origins, with unmatchedPreflights IGNORE all of them."""
        if request.method != "OPTIONS" or not _first(request, "origin"):
            return False
        if not _first(request, "access-control-request-method"):
            return False
        return self._allows(_first(request, "origin")) or self.node.text("unmatchedPreflights") == "IGNORE"

    def preflight_headers(self, request: Request) -> dict[str, str | None]:
        """What the gateway says to a preflight."""
        found = self.headers(request)
        for field, header in (
            ("allowMethods", "access-control-allow-methods"),
            ("allowHeaders", "access-control-allow-headers"),
        ):
            if self.node.texts(field):
                found[header] = ",".join(self.node.texts(field))
        if "maxAge" in self.node:
            found["access-control-max-age"] = str((nanoseconds(self.node.text("maxAge")) or 0) // SECOND)
        found.pop("access-control-expose-headers", None)
        return found

    def headers(self, request: Request) -> dict[str, str | None]:
        """What the gateway adds to the answer for an allowed origin; nothing for others."""
        origin = _first(request, "origin")
        if not origin or not self._allows(origin):
            return {}
        found: dict[str, str | None] = {"access-control-allow-origin": origin}
        if self.node.flag("allowCredentials"):
            found["access-control-allow-credentials"] = "true"
        if self.node.texts("exposeHeaders"):
            found["access-control-expose-headers"] = ",".join(self.node.texts("exposeHeaders"))
        return found

    def _allows(self, origin: str) -> bool:
        patterns = [Pattern.of(one) for one in self.node.nodes("allowOrigins")]
        if "allowOrigins" not in self.node:
            patterns = [Pattern("exact", one) for one in self.node.texts("allowOrigin")]
        told = [one for one in patterns if one.kind != "present"]
        return any(one.takes(origin) or one.takes("*") for one in told)


def _first(request: Request, name: str) -> str:
    return next(iter(request.values(name)), "")
