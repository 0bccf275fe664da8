"""Route tables: which virtual host a request finds, and the routes in it in the order in which Envoy asks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from istio_ingress.rules.hosts import completed, in_precedence, is_partial_wildcard, narrower, wildcards_over
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.walk.ages import is_known
from istio_ingress.walk.delegates import Find, HttpRoute, http_routes, left_out
from istio_ingress.walk.gateways import GatewayPods
from istio_ingress.walk.listeners import Server
from istio_ingress.walk.matching import Place, RouteMatch

#: How a reason begins why a route is in no table of the gateway.
NO_ROUTE = "counts for nothing"


@dataclass(frozen=True)
class Route:
    """One route of a table: a match of a route of a VirtualService."""

    route: HttpRoute
    match: RouteMatch
    place: Place
    secure: bool
    """Whether the table is one behind TLS."""

    @property
    def node(self) -> Node:
        """The route's fields."""
        return self.route.node

    @property
    def path(self) -> str:
        """Where it stands."""
        return self.match.node.path or self.node.path


@dataclass(frozen=True)
class VirtualHost:
    """The virtual host that Envoy chooses for a request; nothing of another one is asked."""

    domain: str
    routes: tuple[Route, ...]
    redirects: Server | None
    """A server that redirects it to HTTPS, whatever its routes are."""
    orders: tuple[tuple[Route, ...], ...] = ()
    """The other orders that the routes may have, where it is not known which object is older."""


class BoundServices:
    """The VirtualServices that one Gateway's pods take routes from, the oldest first, by their hosts."""

    def __init__(self, services: Iterable[VirtualService], cluster_domain: str) -> None:
        self.services = list(services)
        self.rank: dict[int, int] = {}
        self.hosts: dict[int, list[str]] = {}
        self._by_host: dict[str, list[VirtualService]] = {}
        for rank, service in enumerate(self.services):
            self.rank[id(service)] = rank
            hosts = [completed(host, service.namespace, cluster_domain) for host in service.spec.texts("hosts")]
            self.hosts[id(service)] = hosts
            for host in hosts:
                self._by_host.setdefault(host.lower(), []).append(service)
        self.partial = [host for host in self._by_host if is_partial_wildcard(host)]
        """The wildcards for a part of a label, such as `*-shop.example`."""

    def of(self, host: str) -> list[VirtualService]:
        """Those that have exactly this host."""
        return self._by_host.get(host, [])

    def over(self, host: str) -> list[VirtualService]:
        """Those that have this host or a wildcard over it."""
        return [one for name in in_precedence(host, self.partial) for one in self.of(name)]


class RouteTable:
    """The virtual hosts of servers that share a table."""

    def __init__(
        self, servers: list[Server], pods: GatewayPods, bound: Callable[[Server], BoundServices], find: Find
    ) -> None:
        self._servers, self._pods, self._bound, self._find = servers, pods, bound, find
        self._routes: dict[tuple[str, int, int], list[Route]] = {}
        self._of_gateway: dict[str, list[Server]] = {}
        for server in servers:
            self._of_gateway.setdefault(server.name, []).append(server)
        self._hosts: dict[str, VirtualHost | None] = {}

    @cached_property
    def _by_host(self) -> dict[str, set[int]]:
        """The positions of the servers by the hosts that they have."""
        found: dict[str, set[int]] = {}
        for position, server in enumerate(self._servers):
            for host in server.by_name:
                found.setdefault(host, set()).add(position)
        return found

    def virtual_host(self, domain: str) -> VirtualHost | None:
        """The one for a host, as Envoy looks for it."""
        for name in in_precedence(domain, self._partial) if domain else ("*",):
            if name not in self._hosts:
                self._hosts[name] = self._virtual_host(name)
            if self._hosts[name]:
                return self._hosts[name]
        return None

    @cached_property
    def _partial(self) -> frozenset[str]:
        return frozenset(name for server in self._servers for name in self._bound(server).partial)

    def left_out(self, domain: str) -> Iterator[tuple[VirtualService, str, str]]:
        """The fields by which routes of a host count for nothing here, and why: a delegate, or where clients are."""
        bound = {id(one): one for server in self._servers for one in self._bound(server).over(domain)}
        for service in bound.values():
            for node, why in left_out(service, self._find):
                yield service, node.path, why
            for route in http_routes(service, self._find):
                for match in map(RouteMatch, route.matches):
                    field = match.source_missed(self._place(self._servers[0]))
                    if field:
                        yield route.service, match.node.at(field), f"{NO_ROUTE}: the gateway's pods are others"

    def _virtual_host(self, name: str) -> VirtualHost | None:
        parts: list[tuple[Server, VirtualService, list[Route]]] = []
        redirects: Server | None = None
        positions = {one for host in (name, *wildcards_over(name)) for one in self._by_host.get(host, ())}
        for position in sorted(positions):
            server = self._servers[position]
            for service in self._services(server, name):
                routes = self._of(server, service)
                if routes:
                    parts.append((server, service, routes))
                    redirects = server if server.redirects else redirects
            if server.redirects and name in server.unscoped:
                redirects = server
        if not parts and not redirects:
            return None
        orders = [tuple(_ordered(routes for _, _, routes in order)) for order in _orders(parts)]
        return VirtualHost(name, orders[0], redirects, tuple(orders[1:]))

    def _services(self, server: Server, name: str) -> Iterator[VirtualService]:
        """The VirtualServices that give a server a virtual host of this name."""
        bound = self._bound(server)
        found = {id(one): one for one in (bound.over(name) if name in server.by_name else bound.of(name))}
        for service in sorted(found.values(), key=lambda one: bound.rank[id(one)]):
            if _share(server.hosts_over(name, service.namespace), bound.hosts[id(service)], name):
                yield service

    def _of(self, server: Server, service: VirtualService) -> list[Route]:
        """A VirtualService's routes on a server's Gateway.

        istiod writes them once for the Gateway's servers in one table, with the number of the first of them that has a
        host in common with the VirtualService and, with that number, a route of it.
        """
        for one in self._of_gateway[server.name]:
            if one is not server and (one.number == server.number or not self._meets(one, service)):
                continue
            routes = self._numbered(one, service)
            if routes or one is server:
                return routes
        return []

    def _numbered(self, server: Server, service: VirtualService) -> list[Route]:
        key = server.name, server.number, id(service)
        if key not in self._routes:
            self._routes[key] = list(self._built(service, self._place(server), secure=server.has_tls))
        return self._routes[key]

    def _place(self, server: Server) -> Place:
        return Place(server.name, server.number, self._pods.labels, self._pods.namespace)

    def _meets(self, server: Server, service: VirtualService) -> bool:
        """Whether a server and a VirtualService have a host in common."""
        mine = server.hosts_for(service.namespace)
        theirs = self._bound(server).hosts[id(service)]
        return any(narrower(one, other) for one in mine for other in theirs)

    def _built(self, service: VirtualService, place: Place, *, secure: bool) -> Iterator[Route]:
        """What follows one that takes everything is dropped."""
        for route in http_routes(service, self._find):
            if not route.matches:
                yield Route(route, RouteMatch(None), place, secure)
                return
            for node in route.matches:
                match = RouteMatch(node)
                if match.is_for(place):
                    yield Route(route, match, place, secure)
                    if match.is_catch_all:
                        return


def _share(server_hosts: list[str], service_hosts: list[str], name: str) -> bool:
    """Whether this is the narrower of a host of the one and a host of the other that it falls under."""
    return any(narrower(one, other).lower() == name for one in server_hosts for other in service_hosts)


def _ordered(parts: Iterable[list[Route]]) -> list[Route]:
    """As they come, but those that take everything behind all others."""
    routes = [route for part in parts for route in part]
    return sorted(routes, key=lambda route: route.match.is_catch_all)


Parts = list[tuple[Server, VirtualService, list[Route]]]


def _orders(parts: Parts) -> list[Parts]:
    """The order of the parts; where ages are not known, also with every other one as the oldest."""
    if is_known(*(service for _, service, _ in parts)) and is_known(*(server.gateway for server, _, _ in parts)):
        return [parts]
    if len(parts) > _MOST:
        raise NotKnownError(f"{len(parts)} objects have routes for one host, and it is not known which is older")
    return [[part, *(one for one in parts if one is not part)] for part in parts]


_MOST = 200
