"""VirtualServices: hosts, gateways, and routes of every kind."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.hosts import narrower
from istio_ingress.rules.routing import MESH
from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.common import is_claim, is_host
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals import http_route
from istio_ingress.rules.schema.refusals.destinations import destinations
from istio_ingress.rules.words import quoted

_SNI_PREFIX = "outbound_"


def refusals(spec: Fields, namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateVirtualService refuses."""
    is_delegate = spec.size("hosts") == 0
    for_gateways = spec.size("gateways") != 0 and all(name != MESH for name, _ in spec.texts("gateways"))
    if is_delegate:
        yield from _delegate(spec)
    elif not for_gateways:
        yield from _on_the_mesh(spec)
    if not spec.any_of("http", "tls", "tcp"):
        yield Refusal("virtualservice-without-routes", "spec", "There are no routes.", "Add http, tls or tcp routes.")
    yield from common.gateway_names(spec)
    yield from _overlaps(spec)
    for route in spec.parts("http"):
        yield from http_route.refusals(route, is_delegate=is_delegate)
        if not for_gateways:
            yield from _claims(route)
    for kind in ("tls", "tcp"):
        for route in spec.parts(kind):
            yield from _l4_route(route, kind)
    yield from common.export_to(spec, namespace)


def _delegate(spec: Fields) -> Iterator[Refusal]:
    for key in spec.any_of("gateways", "tls", "tcp"):
        message = f"Without hosts this is a delegate, and a delegate has no {key}."
        yield Refusal("delegate-invalid", spec.at(key), message, "Take it away, or name hosts.")


def _on_the_mesh(spec: Fields) -> Iterator[Refusal]:
    for host, path in spec.texts("hosts"):
        if host == "*":
            message = "'*' stands for every host of the mesh, which is more than a VirtualService may take."
            yield Refusal("mesh-host-any", path, message, "Name the hosts, or bind it to gateways only.")


def _claims(route: Fields) -> Iterator[Refusal]:
    for match in route.parts("match"):
        for key in ("headers", "withoutHeaders"):
            for name, _, path in match.items(key):
                if is_claim(name):
                    message = "A claim of a JWT is matched on gateways only, and this is bound to the mesh."
                    yield Refusal("match-invalid", path, message, "Name gateways, without mesh.")


def _overlaps(spec: Fields) -> Iterator[Refusal]:
    hosts = list(spec.texts("hosts"))
    if not all(is_host(host) or _is_generated(spec, host) for host, _ in hosts):
        return  # addresses are not compared either
    for position, (host, path) in enumerate(hosts):
        first = next((other for other, _ in hosts[:position] if narrower(other, host)), "")
        if first:
            message = (
                f"{quoted(host)} is a host of {first!r} too." if host != first else f"{quoted(host)} is there twice."
            )
            yield Refusal("virtualservice-hosts-overlap", path, message, "Keep one of them.")


def _is_generated(spec: Fields, host: str) -> bool:
    return host.startswith(_SNI_PREFIX) and bool(spec.any_of("tls"))


def _l4_route(route: Fields, kind: str) -> Iterator[Refusal]:
    if route.size("route") == 0:
        message = f"This {kind} route leads nowhere."
        yield Refusal("route-action", route.at("route"), message, "Add route with a destination.")
    for match in route.parts("match"):
        yield from l4_match(match)
    yield from destinations(route.parts("route"))


def l4_match(match: Fields) -> Iterator[Refusal]:
    """What is refused in a match of a `tls` or `tcp` route."""
    for subnet, path in match.texts("destinationSubnets"):
        if not common.is_subnet(subnet):
            message = f"{quoted(subnet)} is no network."
            yield Refusal("match-invalid", path, message, "Write it as 10.0.0.0/8.")
    yield from common.optional_port(match.number("port"), match.at("port"), "match-invalid")
    yield from common.labels(match, "sourceLabels", "match-invalid")
    yield from common.gateway_names(match)
