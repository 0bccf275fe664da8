"""Rules about VirtualServices whose hosts meet on one listener."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from istio_ingress.rules.catalog.examples import (
    GATEWAY,
    HTTP_SERVER,
    OTHER_VIRTUAL_SERVICE,
    VIRTUAL_SERVICE,
)
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import in_precedence, is_partial_wildcard
from istio_ingress.rules.index import Index
from istio_ingress.rules.matches import Match
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.routing import MESH, ROUTE_KINDS, VirtualService
from istio_ingress.rules.values import known, known_of
from istio_ingress.rules.words import some

_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{match: [{uri: {prefix: /cart}}], route: [{destination: {host: cart}}]}]
"""
_WILDCARD = f"""{GATEWAY}
{HTTP_SERVER.replace("[shop.example]", "['*.shop.example']")}
---
{VIRTUAL_SERVICE}{_ROUTE.replace("[shop.example]", "['*.shop.example']")}---
{OTHER_VIRTUAL_SERVICE}{_ROUTE.replace("shop.example", "www.shop.example").replace("/cart", "/site")}"""
_GATEWAY_SOURCE = "istio pilot/pkg/networking/core/gateway.go buildGatewayHTTPRouteConfig"


class _Member(NamedTuple):
    """A VirtualService and the Gateway, as `namespace/name`, that takes its routes; the server where it is known."""

    service: VirtualService
    gateway: str
    server: Server | None = None

    @property
    def port(self) -> int:
        """The server's port; 0 where it is not known."""
        return self.server.port.number("number") if self.server else 0


class _Route(NamedTuple):
    """A match of a VirtualService, which is one of several for a host, and what is done with its requests."""

    member: _Member
    position: int
    match: Match
    action: dict[str, object]

    @property
    def path(self) -> str:
        """What its paths begin with, as far as that is one text."""
        kind, value = self.match.path
        return value if kind in ("exact", "prefix") and isinstance(value, str) else ""


class _Overlap(NamedTuple):
    """Two routes that take the same requests, and the hosts for which they do."""

    first: _Route
    second: _Route
    hosts: dict[str, None]


@dataclass(frozen=True)
class _VirtualHost:
    """The routes of one kind for one host on one listener."""

    host: str
    kind: str
    members: dict[int, _Member] = field(default_factory=dict)

    @property
    def services(self) -> list[VirtualService]:
        """The VirtualServices that have routes for it."""
        return [member.service for member in self.members.values()]


_Key = tuple[object, ...]
_NOWHERE: tuple[_Key, tuple[str, ...], str] = ((), (), "")


@rule(
    Index,
    "virtualservice-host-repeated",
    Severity.WARNING,
    source=f"{_GATEWAY_SOURCE}; pilot/pkg/networking/core/route/route.go SortVHostRoutes; "
    "Istio traffic management best practices: split large virtual services",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{VIRTUAL_SERVICE}{_ROUTE}---\n"
        f"{OTHER_VIRTUAL_SERVICE}{_ROUTE.replace('host: cart', 'host: site')}",
        (
            "{prefix: /cart}}], route: [{destination: {host: site}",
            "{prefix: /site}}], route: [{destination: {host: site}",
        ),
    ),
)
def virtualservice_host_repeated(index: Index, _: Index) -> Iterator[Problem]:
    """Of two VirtualServices with matches that take the same requests, the one that was created first answers them."""
    found: dict[tuple[int, str], _Overlap] = {}
    for place in index.once(_by_listener).values():
        for one, other in _candidates(place) if len(place.members) > 1 else ():
            first, second = sorted((one, other), key=lambda route: route.position)
            key = id(second.member.service), place.kind
            said = found.get(key)
            if said and (place.host in said.hosts or said.first.member.service is not first.member.service):
                continue
            differ = first.action != second.action and _meet(first.member, second.member, index)
            if differ and first.match.shares_requests_with(second.match):
                found.setdefault(key, _Overlap(first, second, {})).hosts[place.host] = None
    for (_service, kind), (first, second, hosts) in found.items():
        written = some(map(repr, hosts))
        words = f"The host {written} has" if len(hosts) == 1 else f"The hosts {written} have"
        yield Problem(
            second.member.service,
            "spec.hosts",
            f"{words} {kind} routes in {first.member.service} too, on the Gateway {second.member.gateway}: "
            f"({second.match}) here and ({first.match}) there take the same requests, and the {_elder(first, second)} "
            "was created first answers them.",
            "Put the routes of a host into one VirtualService, or delegate from one.",
        )


@rule(
    Index,
    "wildcard-routes-hidden",
    Severity.WARNING,
    source=f"{_GATEWAY_SOURCE}; envoy config.route.v3.VirtualHost domains; istio/istio#53117",
    example=Example.fixed(
        _WILDCARD, ("hosts: [www.shop.example]\n  gateways", "hosts: ['*.shop.example']\n  gateways")
    ),
)
def wildcard_routes_hidden(index: Index, _: Index) -> Iterator[Problem]:
    """Envoy takes the routes of the narrowest host only: those of a wildcard over it do not hold for it any more."""
    by_listener: dict[_Key, dict[str, _VirtualHost]] = {}
    for (*listener, host, kind), place in index.once(_by_listener).items():
        if kind == "http":
            by_listener.setdefault(tuple(listener), {})[str(host)] = place
    said: set[tuple[int, int]] = set()
    for places in by_listener.values():
        partial = [name for name in places if is_partial_wildcard(name)]
        for host, place in places.items():
            over = (name for name in in_precedence(host, partial)[1:] if name != "*")  # which is for the other hosts
            wide = next((places[name] for name in over if name in places), None)
            for service in wide.services if wide else ():
                pair = id(service), id(place.services[0])
                lost = known(_lost, service, place.services)
                if wide and lost and pair not in said:
                    said.add(pair)
                    yield Problem(
                        place.services[0],
                        "spec.hosts",
                        f"The host {host!r} is one of {wide.host!r} in {service}, whose routes ({some(lost)}) do not "
                        "hold for it any more.",
                        "Repeat here those that should hold for this host too.",
                    )


def _lost(service: VirtualService, narrow: list[VirtualService]) -> list[str]:
    """The matches of a wildcard's VirtualService whose requests none of the narrower host's takes.

    Where one of both takes every request, it is a site of its own, and nothing is missed.
    """
    if any(service is other for other in narrow):
        return []
    wide = [match for route in service.matches["http"] for match in route]
    taken = [match for other in narrow for route in other.matches["http"] for match in route]
    if any(match.is_catch_all for match in (*wide, *taken)):
        return []
    return [str(match) for match in wide if not any(one.leaves_nothing_for(match) for one in taken)]


def _by_listener(index: Index) -> dict[_Key, _VirtualHost]:
    """The virtual hosts, by listener, host and kind of route; a Gateway that is not here counts as one listener."""
    found: dict[_Key, _VirtualHost] = {}
    for service in index.virtual_services.items:
        for key, member in known(_places, service, index) or ():
            *_listener, host, kind = key
            if key not in found:
                found[key] = _VirtualHost(str(host), str(kind))
            found[key].members.setdefault(id(service), member)
    return found


def _places(service: VirtualService, index: Index) -> list[tuple[_Key, _Member]]:
    kinds = [kind for kind in ROUTE_KINDS if service.spec.nodes(kind)]
    found: list[tuple[_Key, _Member]] = []
    listeners = index.once(_listeners)
    for _, server, host in index.bindings(service):
        listener, taken, gateway = listeners.get(id(server), _NOWHERE)
        member = _Member(service, gateway, server)
        found += [((*listener, host, kind), member) for kind in kinds if kind in taken]
    for name in service.gateways:
        if name != MESH and index.gateways.find(*service.gateway_key(name)) is None:
            full = service.gateway_name(name)
            hosts = [index.full_host(host, service) for host in service.hosts]
            found += [(("gateway", full, host, kind), _Member(service, full)) for host in hosts for kind in kinds]
    return found


def _listeners(index: Index) -> dict[int, tuple[_Key, tuple[str, ...], str]]:
    """The listener, the kinds of routes and the Gateway of each server of which all three are known."""
    found = {}
    for server in index.servers:
        listener, kinds = known(_listener, server, index), known_of(server, "route_kinds")
        gateway = known_of(server.gateway, "key")
        if listener and kinds and gateway:
            found[id(server)] = listener, kinds, "/".join(gateway)
    return found


def _listener(server: Server, index: Index) -> _Key:
    """What has one table of routes: a TLS server that the gateway ends, or every other server of a port."""
    return ("server", id(server)) if server.terminates else ("port", *index.listeners.place(server))


def _elder(first: _Route, second: _Route) -> str:
    """Whose age decides between two routes: Istio goes through the Gateways by age before the VirtualServices."""
    names = first.member.gateway, second.member.gateway
    return "VirtualService that" if names[0] == names[1] else f"one whose Gateway ({' or '.join(sorted(names))})"


def _meet(one: _Member, other: _Member, index: Index) -> bool:
    """Whether two VirtualServices are for the same pods, as far as that is known."""
    return one.server is None or other.server is None or index.listeners.meet(one.server.gateway, other.server.gateway)


def _candidates(place: _VirtualHost) -> Iterator[tuple[_Route, _Route]]:
    """Routes of two VirtualServices that Istio does not put in order, and whose paths do not rule each other out."""
    routes = [
        route
        for position, member in enumerate(place.members.values())
        for route in known(_routes, member, place.kind, position) or ()
    ]
    last = [route for route in routes if place.kind == "http" and route.match.is_catch_all]
    rest = [route for route in routes if place.kind != "http" or not route.match.is_catch_all]
    by_path = sorted((route for route in rest if route.path), key=lambda route: route.path)
    others = [route for route in rest if not route.path]
    pairs = itertools.chain(
        ((last[0], route) for route in last[1:]),
        itertools.product(others, by_path),
        itertools.combinations(others, 2),
        _below_each_other(by_path),
    )
    return ((one, other) for one, other in pairs if one.position != other.position)


def _below_each_other(sorted_routes: list[_Route]) -> Iterator[tuple[_Route, _Route]]:
    """Of routes in the order of their paths those of which one path begins with the other."""
    above: list[_Route] = []
    for route in sorted_routes:
        while above and not route.path.startswith(above[-1].path):
            above.pop()
        yield from ((one, route) for one in above)
        above.append(route)


def _routes(member: _Member, kind: str, position: int) -> list[_Route]:
    """The matches that hold on a listener, each with what is done with their requests."""
    service, port = member.service, member.port
    found = []
    for node, matches in zip(service.spec.nodes(kind), service.matches[kind], strict=True):
        action = {key: value for key, value in node.value.items() if key not in ("match", "name")}
        found += [_Route(member, position, match, action) for match in matches if match.is_for(member.gateway, port)]
    return found
