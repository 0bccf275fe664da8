"""Which requests a route takes: Istio's HTTPMatchRequest as the route match of Envoy that istiod makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from istio_ingress.rules.matches import is_catch_all, path_of
from istio_ingress.rules.patterns import Pattern
from istio_ingress.rules.values import Node, NotKnownError, UnknownValueError
from istio_ingress.walk import paths
from istio_ingress.walk.request import Request

#: Headers that the gateway writes itself before routes are matched, so that what they hold cannot be told.
_OF_THE_GATEWAY = frozenset({"x-forwarded-for", "x-request-id", "x-envoy-external-address", "x-envoy-internal"})
_CLAIMS = "@request.auth.claims"


@dataclass(frozen=True)
class Place:
    """Where a route table is: a server of a Gateway, and the pods that run it."""

    gateway: str
    """`namespace/name`."""
    port: int
    """The server's own number, by which `port` in a match goes."""
    labels: Mapping[str, str]
    namespace: str
    """Of the gateway's pods; empty where it is not known."""


class RouteMatch:
    """One match of a route; without a node it takes everything."""

    def __init__(self, node: Node | None) -> None:
        self.node = node or Node({}, "")

    @cached_property
    def path(self) -> Pattern:
        """What the path must be."""
        return path_of(self.node)

    @cached_property
    def ignores_case(self) -> bool:
        """Whether the case of the path does not matter; for a regular expression it always does."""
        return self.node.flag("ignoreUriCase") and self.path.kind != "regex"

    @cached_property
    def is_catch_all(self) -> bool:
        """Whether Istio moves the route behind those of other VirtualServices, and drops what follows it in its own."""
        return is_catch_all(self.node)

    def is_for(self, place: Place) -> bool:
        """Whether istiod writes the route into the table of this place."""
        port = self.node.number("port")
        if port and port != place.port:
            return False
        gateways = self.node.texts("gateways")
        if gateways:
            return place.gateway in gateways
        return not self.source_missed(place)

    def source_missed(self, place: Place) -> str:
        """The field that asks for proxies other than the gateway's pods; empty where none does."""
        if self.node.texts("gateways"):
            return ""
        if not self.node.labels("sourceLabels").items() <= place.labels.items():
            return "sourceLabels"
        namespace = self.node.text("sourceNamespace")
        if namespace and not place.namespace:
            raise NotKnownError(f"{self.node.at('sourceNamespace')}: it is not known where the gateway's pods run")
        return "" if namespace in ("", place.namespace) else "sourceNamespace"

    def misses(self, request: Request) -> str:
        """Why it does not take a request; empty when it does.

        Raises:
            NotKnownError, UnknownValueError: one condition cannot be told, and no other one fails.
        """
        unknown: Exception | None = None
        for condition in self._conditions(request):
            try:
                missed = condition()
            except (NotKnownError, UnknownValueError) as error:
                unknown = unknown or error
            else:
                if missed:
                    return missed
        if unknown:
            raise unknown
        return ""

    def _conditions(self, request: Request) -> Iterator[Callable[[], str]]:
        yield lambda: self._path_missed(paths.without_query(request.path))
        for field in ("method", "authority", "scheme"):
            if field in self.node:
                yield partial(self._pseudo_missed, field, request.values(f":{field}")[0])
        for name in self.node.node("headers").value:
            yield partial(self._header_missed, name, request)
        for name in self.node.node("withoutHeaders").value:
            yield partial(self._without_missed, name, request)
        given = paths.query_values(request.path)
        for name in self.node.node("queryParams").value:
            yield partial(self._parameter_missed, name, given)

    def _path_missed(self, path: str) -> str:
        return "" if self._takes_path(path) else f"the path is not {self.path}"

    def _pseudo_missed(self, field: str, sent: str) -> str:
        wanted = Pattern.of(self.node.node(field))
        return "" if wanted.asks_presence or wanted.takes(sent) else f"{field} {sent!r} is not {wanted}"

    def _header_missed(self, name: str, request: Request) -> str:
        wanted, sent = Pattern.of(self.node.node("headers").node(name)), _sent(request, name)
        if not sent:
            return f"there is no header {name}"
        return "" if wanted.asks_presence or any(map(wanted.takes, sent)) else f"header {name} is not {wanted}"

    def _without_missed(self, name: str, request: Request) -> str:
        wanted, sent = Pattern.of(self.node.node("withoutHeaders").node(name)), _sent(request, name)
        taken = bool(sent) if wanted.asks_presence else any(map(wanted.takes, sent or [""]))
        return f"header {name} is there and must not be {wanted}" if taken else ""

    def _parameter_missed(self, name: str, given: Mapping[str, str]) -> str:
        wanted = Pattern.of(self.node.node("queryParams").node(name))
        if name not in given:
            return f"there is no query parameter {name}"
        return "" if wanted.asks_presence or wanted.takes(given[name]) else f"query parameter {name} is not {wanted}"

    def _takes_path(self, path: str) -> bool:
        if self.ignores_case:
            return Pattern(self.path.kind, self.path.value.lower()).takes(path.lower())
        return self.path.takes(path)

    def __str__(self) -> str:
        words = [f"path {self.path}"]
        words += [
            f"{name} {Pattern.of(self.node.node(name))}"
            for name in ("method", "authority", "scheme")
            if name in self.node
        ]
        for field, word in (("headers", "header"), ("withoutHeaders", "no header"), ("queryParams", "query parameter")):
            node = self.node.node(field)
            words += [f"{word} {name} {Pattern.of(node.node(name))}".strip() for name in node.value]
        return ", ".join(words)


def _sent(request: Request, name: str) -> list[str]:
    if name.startswith(_CLAIMS):
        raise NotKnownError(f"a route matches {name}, and it is not known what the request's token says")
    if name.lower() in _OF_THE_GATEWAY:
        raise NotKnownError(f"a route matches the header {name}, which the gateway writes itself")
    return request.values(name)
