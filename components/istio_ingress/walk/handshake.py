"""TLS: which server a handshake finds by its server name, and whether it succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from istio_ingress.rules.hosts import wildcards_over
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.walk.gateways import GatewayPods
from istio_ingress.walk.listeners import Listener, Server
from istio_ingress.walk.tables import BoundServices

BoundOf = Callable[[Server, GatewayPods], BoundServices]


@dataclass(frozen=True)
class Chain:
    """What handshakes of some server names are for."""

    server: Server
    names: tuple[str, ...]
    """None: any name, and no name."""
    service: VirtualService | None = None
    """Whose route leads on where the gateway speaks no HTTP."""
    route: Node | None = None


class Chains:
    """All that handshakes on a listener are for, by server name."""

    def __init__(self, listener: Listener, bound: BoundOf, pods: GatewayPods) -> None:
        self._by_name: dict[str, Chain] = {}
        self._twice: tuple[str, Chain, Chain] | None = None
        for chain in _chains(listener, bound, pods):
            for name in chain.names or ("*",):
                if name in self._by_name:
                    self._twice = name, self._by_name[name], chain
                self._by_name[name] = chain

    def of(self, sni: str) -> Chain | None:
        """The one that Envoy chooses: the very name, then wildcards, the longest first, then the one for any name.

        Raises:
            NotKnownError: two are for the same name, and Envoy refuses them all.
        """
        if self._twice:
            name, one, other = self._twice
            raise NotKnownError(
                f"{one.server} and {other.server} both have handshakes for {name}: the gateway refuses that, and keeps "
                "what it had before"
            )
        wanted = [sni, *wildcards_over(sni)] if sni else ["*"]
        return next((self._by_name[name] for name in wanted if name in self._by_name), None)


def is_among(name: str, hosts: set[str]) -> bool:
    """Whether a name is one of these hosts, or falls under a wildcard of them."""
    return any(one in hosts for one in (name, *wildcards_over(name)))


def _chains(listener: Listener, bound: BoundOf, pods: GatewayPods) -> list[Chain]:
    """All of a listener's, as istiod writes them."""
    taken: set[str] = set()
    found: list[Chain] = []
    for server in listener.secure:
        if server.ends_tls_for_http:
            found.append(Chain(server, _names(server.server_names)))
        elif server.passes_through:
            found += _passed_through(server, bound(server, pods), taken)
        else:
            first = next(tcp_routes(server, bound(server, pods)), None)
            if first:
                found.append(Chain(server, _names(server.server_names), *first))
    return found


def tcp_routes(server: Server, bound: BoundServices) -> Iterator[tuple[VirtualService, Node]]:
    """The `tcp` routes for a server; the first counts."""
    for service in bound.services:
        if not _meets(server, service):
            continue
        for route in service.spec.nodes("tcp"):
            matches = route.nodes("match")
            if (not matches or any(_is_for(one, server, service) for one in matches)) and route.nodes("route"):
                yield service, route


def _passed_through(server: Server, bound: BoundServices, taken: set[str]) -> Iterator[Chain]:
    if server.mode == "AUTO_PASSTHROUGH":
        return  # its server names are those that sidecars make of Services
    for service in bound.services:
        if not _meets(server, service):
            continue
        for route in service.spec.nodes("tls"):
            for match in route.nodes("match") if route.nodes("route") else []:
                names = match.texts("sniHosts")
                if _is_for(match, server, service) and not taken & set(names):
                    taken |= set(names)
                    yield Chain(server, _names(names), service, route)


def _names(names: list[str]) -> tuple[str, ...]:
    return () if "*" in names else tuple(dict.fromkeys(name.lower() for name in names))


def _is_for(match: Node, server: Server, service: VirtualService) -> bool:
    port = match.number("port")
    gateways = ["/".join(service.gateway_key(name)) for name in match.texts("gateways")]
    return port in (0, server.number) and (not gateways or server.name in gateways)


def _meets(server: Server, service: VirtualService) -> bool:
    """Whether one of a VirtualService's hosts and one of the server's stand for a common name."""
    for host in service.spec.texts("hosts"):
        name = host.lower()
        if server.hosts_over(name, service.namespace):
            return True
        if name.startswith("*") and any(
            scope in ("", service.namespace) and other.endswith(name[1:])
            for other, pairs in server.by_name.items()
            for scope, _ in pairs
        ):
            return True
    return False
