"""Routes of a VirtualService with those of its delegates in their place, as Istio merges them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from istio_ingress.rules.delegation import delegate_key, matches_of, merged
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node
from istio_ingress.walk import exports

#: What a route of a delegate takes from the root's route where it says nothing itself.
_INHERITED = (
    "rewrite", "directResponse", "timeout", "retries", "fault", "mirror", "mirrorPercent", "mirrorPercentage",
    "corsPolicy", "mirrors", "headers",
)  # fmt: skip


@dataclass(frozen=True)
class HttpRoute:
    """A route as Istio has it in the end: its own fields, and the VirtualService that it stands in."""

    service: VirtualService
    """Of which short names are short: the delegate's, where it comes from one."""
    root: VirtualService
    node: Node
    matches: tuple[Node, ...]
    """None: everything."""


Find = Callable[[str, str], VirtualService | None]


def http_routes(service: VirtualService, find: Find) -> Iterator[HttpRoute]:
    """The routes in their order; what delegates that do not exist, or are not exported, would have had is left out."""
    for route in service.spec.nodes("http"):
        if "delegate" not in route:
            yield HttpRoute(service, service, route, tuple(matches_of(service, route)))
            continue
        delegate = find(*delegate_key(service, route))
        if delegate is None or delegate.hosts:
            continue
        if exports.reaches(delegate, service.namespace):
            yield from _merged(service, route, delegate)


def left_out(service: VirtualService, find: Find) -> Iterator[tuple[Node, str]]:
    """The routes that count for nothing because of a delegate, and why."""
    for route in service.spec.nodes("http"):
        if "delegate" not in route:
            continue
        named, key = route.node("delegate"), delegate_key(service, route)
        delegate = find(*key)
        if delegate is None:
            yield named, f"there is no VirtualService {'/'.join(key)}"
        elif delegate.hosts:
            yield named, f"{delegate} has hosts, and so is no delegate"
        elif not exports.reaches(delegate, service.namespace):
            yield named, f"{delegate} is not exported to {service.namespace}"
        else:
            for inner in delegate.spec.nodes("http"):
                if merged(matches_of(service, route), matches_of(delegate, inner)) is None:
                    yield route, f"takes nothing of {inner.path} of {delegate}, which is left out"


def _merged(root: VirtualService, route: Node, delegate: VirtualService) -> Iterator[HttpRoute]:
    for inner in delegate.spec.nodes("http"):
        matches = merged(matches_of(root, route), matches_of(delegate, inner))
        if matches is None:
            continue
        inherited = {key: route.value[key] for key in _INHERITED if key in route and key not in inner}
        node = Node({**inner.value, **inherited}, inner.path)
        yield HttpRoute(delegate, root, node, tuple(matches))
