"""Which servers meet on one port of one gateway pod."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from rules.resources import Gateway, Server, Workload
from rules.routing import Service
from rules.values import MalformedError, UnknownValueError

Selector = frozenset[tuple[str, str]]


class Listeners:
    """The servers by the port and address on which they listen, and the pods that run them."""

    def __init__(self, servers: list[Server], workloads: list[Workload], services: list[Service]) -> None:
        self._servers, self._services = servers, services
        self._some_labels_unknown = False
        self._by_label: dict[tuple[str, str], list[Workload]] = {}
        for workload in workloads:
            try:
                for label in workload.labels.items():
                    self._by_label.setdefault(label, []).append(workload)
            except (UnknownValueError, MalformedError):
                self._some_labels_unknown = True
        self._selected: dict[Selector, list[Workload]] = {}
        self._service_ports: dict[Selector, dict[int, int] | None] = {}

    @cached_property
    def groups(self) -> list[list[Server]]:
        """The servers that share a port and a bind address, whichever pods they select, as far as they are known."""
        found: dict[tuple[int, str], list[Server]] = {}
        for server in self._servers:
            try:
                place = self.listen_port(server), server.node.text("bind")
                _ = server.gateway.selector, server.protocol, server.mode, server.redirects  # must be known
                found.setdefault(place, []).append(server)
            except (UnknownValueError, MalformedError):
                continue
        return [_oldest_first(group) for group in found.values() if len(group) > 1]

    def meet(self, one: Gateway, other: Gateway) -> bool:
        """Whether some pod is certain to run both Gateways, if it runs either."""
        mine, theirs = one.labels, other.labels
        if mine <= theirs or theirs <= mine:
            return True
        return any(theirs <= workload.labels.items() for workload in self.workloads(one))

    def pairs(self, servers: Iterable[Server]) -> Iterator[tuple[Server, Server]]:
        """Every server with the first one that it meets; servers that meet nobody are left out."""
        first: dict[Selector, Server] = {}
        for server in servers:
            selector = server.gateway.labels
            earlier = first.get(selector) or next(
                (other for other in first.values() if self.meet(other.gateway, server.gateway)), None
            )
            first.setdefault(selector, server)
            if earlier:
                yield earlier, server

    def workloads(self, gateway: Gateway) -> list[Workload]:
        """The workloads whose pods a Gateway selects, as far as they are among the manifests."""
        selector = gateway.labels
        if not selector:
            return []
        if selector not in self._selected:
            rarest = min((self._by_label.get(label, []) for label in selector), key=len)
            self._selected[selector] = [item for item in rarest if selector <= item.labels.items()]
        return self._selected[selector]

    def selects_nothing(self, gateway: Gateway) -> bool:
        """Whether there is certainly no workload whose pods a Gateway selects."""
        return bool(gateway.selector) and not self.workloads(gateway) and not self._some_labels_unknown

    def service_ports(self, gateway: Gateway) -> dict[int, int] | None:
        """The ports, and their target ports, of the Services before a Gateway's pods; None when that cannot be told."""
        selector = gateway.labels
        if selector not in self._service_ports:
            self._service_ports[selector] = self._read_service_ports(gateway)
        return self._service_ports[selector]

    def listen_port(self, server: Server) -> int:
        """The port on which the pods listen: a Service that has the server's port translates it."""
        number = server.port.number("number")
        if not number:
            raise UnknownValueError(server.port.at("number"))
        return (self.service_ports(server.gateway) or {}).get(number, number)

    def _read_service_ports(self, gateway: Gateway) -> dict[int, int] | None:
        found: dict[int, int] = {}
        try:
            for workload in self.workloads(gateway):
                for service in self._services:
                    selector = service.spec.labels("selector")
                    selects = bool(selector) and selector.items() <= workload.labels.items()
                    if selects and service.namespace == workload.namespace:
                        found = {**_ports(service), **found}
        except (UnknownValueError, MalformedError):
            return None
        return found or None


def _ports(service: Service) -> dict[int, int]:
    found: dict[int, int] = {}
    for port in service.ports:
        number, target = port.number("port"), port.value.get("targetPort")
        if port.text("protocol").upper() in ("", "TCP"):
            found[number] = int(target) if isinstance(target, int | float) else number
    return found


def _oldest_first(servers: list[Server]) -> list[Server]:
    if all(server.gateway.created for server in servers):
        return sorted(servers, key=lambda server: server.gateway.created)
    return servers
