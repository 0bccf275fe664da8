"""Following every host from its listener to the pods.

Reads manifests through the index of `rules`, so that the doctor, the map and the rules mean the same by a server, a
credential and a destination.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from istio_ingress.rules.finding import Finding
from istio_ingress.rules.hosts import admits, narrower
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import Gateway, Server
from istio_ingress.rules.routing import MESH, VirtualService
from istio_ingress.rules.values import known
from istio_ingress.topology.backends import PodSource
from istio_ingress.topology.findings import Troubles
from istio_ingress.topology.listeners import PlannedCertificate, listener
from istio_ingress.topology.model import Entry, Listener, Topology, Trouble
from istio_ingress.topology.routes import Routes


@dataclass(frozen=True)
class Sources:
    """What a topology is made of."""

    index: Index
    findings: Sequence[Finding]
    pods: PodSource
    gateways: Sequence[Gateway] | None = None
    """Only what goes through these; everything where it is None."""
    planned: Sequence[PlannedCertificate] = ()


def build(sources: Sources) -> Topology:
    """Every host of the Gateways, and those that VirtualServices ask for in vain."""
    builder = _Builder(sources)
    entries = [*builder.bound(), *builder.without_routes()]
    return Topology(tuple(sorted(entries, key=_order)))


class _Builder:
    def __init__(self, sources: Sources) -> None:
        index = sources.index
        self._troubles = Troubles(sources.findings)
        self._routes = Routes(index, self._troubles, sources.pods)
        self._services = index.virtual_services.items
        wanted = index.gateways.items if sources.gateways is None else sources.gateways
        self._wanted = {gateway.labelled() for gateway in wanted}
        self._all = {gateway.labelled(): gateway.servers for gateway in index.gateways.items}
        self._listeners: dict[int, Listener] = {
            id(server): listener(server, index, self._troubles, sources.planned)
            for key in self._wanted
            for server in self._all.get(key, [])
        }
        self._entries: dict[tuple[str, int], Entry] = {}

    def bound(self) -> Iterator[Entry]:
        """The hosts that VirtualServices have routes for. A host on several listeners is several entries."""
        lost: list[Entry] = []
        for service in self._services:
            lost += self._bind(service)
        yield from self._entries.values()
        yield from lost

    def without_routes(self) -> Iterator[Entry]:
        """The hosts of listeners that no VirtualService has a route for."""
        used = {key for _, key in self._entries}
        for key in sorted(self._wanted):
            for server in self._all.get(key, []):
                found = self._listeners[id(server)]
                for host in server.hosts:
                    is_bound = (host, id(server)) in self._entries or (host.startswith("*") and id(server) in used)
                    # Between clusters Istio routes by itself.
                    needs_none = found.redirects or found.mode == "AUTO_PASSTHROUGH"
                    if not is_bound:
                        yield Entry(host, found, [], [] if needs_none else [_no_route(found)])

    def _bind(self, service: VirtualService) -> Iterator[Entry]:
        """Add a VirtualService's routes to the entries; what it gives is the hosts that no Gateway has."""
        names = known(lambda: [name for name in service.gateways if name != MESH]) or []
        keys = [known(service.gateway_key, name) or ("", name) for name in names]
        if all(key in self._all and key not in self._wanted for key in keys):
            return  # inside the mesh only, or on other gateways
        routes = self._routes.of(service)
        found = set()
        for server in (server for key in keys for server in self._all.get(key, [])):
            for wanted, host in _common_hosts(service, server):
                found.add(wanted)
                if id(server) in self._listeners:
                    place = host, id(server)
                    entry = self._entries.setdefault(place, Entry(host, self._listeners[id(server)]))
                    entry.routes += [bound.route for bound in routes if bound.is_taken(server, host)]
        lost = [*self._troubles.below(service, "spec.gateways"), *self._troubles.below(service, "spec.hosts")]
        for bound in routes if found else []:
            bound.route.troubles += self._troubles.below(service, "spec.gateways")
        for host in known(lambda: service.hosts) or []:
            if host not in found:
                yield Entry(host, None, [bound.route for bound in routes], lost or [_no_listener(service)])


def _common_hosts(service: VirtualService, server: Server) -> Iterator[tuple[str, str]]:
    """Hosts of a VirtualService, each with the narrower of it and the host of the server that it meets."""
    for scope, opened in server.scoped_hosts:
        if admits(scope, service.labelled()[0]):
            for host in known(lambda: service.hosts) or []:
                if common := narrower(host, opened):
                    yield host, common


def _no_route(found: Listener) -> Trouble:
    return Trouble(
        f"No VirtualService has a route for it on {found.resource}: every request answers 404.",
        "Bind a VirtualService with this host to the Gateway.",
    )


def _no_listener(service: VirtualService) -> Trouble:
    return Trouble(
        f"{service} asks for it, but no server of its Gateways has it: it answers 404.",
        "Add the host to a server of the Gateway.",
    )


def _order(entry: Entry) -> tuple[list[str], int, str]:
    found = entry.listener
    return entry.host.split(".")[::-1], found.port if found else 0, found.resource if found else ""
