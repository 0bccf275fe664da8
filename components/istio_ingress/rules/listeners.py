"""Which servers meet on one port of one gateway pod."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Gateway, Server, Workload
from istio_ingress.rules.routing import Service
from istio_ingress.rules.values import MalformedError, UnknownValueError

Selector = frozenset[tuple[str, str]]

_NOT_TRANSLATED = "experimental.istio.io/disable-gateway-port-translation"


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
        self._service_ports: dict[Selector, tuple[dict[int, int], dict[int, int]] | None] = {}

    @cached_property
    def groups(self) -> list[list[Server]]:
        """The servers that share a port and a bind address, whichever pods they select, as far as they are known."""
        return self._grouped(self.place)

    @cached_property
    def sockets(self) -> list[list[Server]]:
        """The same where all addresses are one address, however that is written: Envoy has one listener for them."""
        return self._grouped(lambda server: (self.listen_port(server), _address(server.node.text("bind"))))

    def _grouped(self, place: Callable[[Server], tuple[int, str]]) -> list[list[Server]]:
        found: dict[tuple[int, str], list[Server]] = {}
        for server in self._servers:
            try:
                key = place(server)
                _ = server.gateway.selector, server.protocol, server.mode, server.redirects  # must be known
                found.setdefault(key, []).append(server)
            except (UnknownValueError, MalformedError):
                continue
        return [_oldest_first(group) for group in found.values() if len(group) > 1]

    def place(self, server: Server) -> tuple[int, str]:
        """The port and the address on which the pods listen for a server."""
        return self.listen_port(server), server.node.text("bind")

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
        return self.selected(gateway.labels)

    def selected(self, selector: Selector) -> list[Workload]:
        """The workloads whose pods have these labels; none where there are no labels."""
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
        """The ports, and their target ports, of the Services before a Gateway's pods; None when that cannot be told.

        A target port of 0 is one that has a name which no container among the manifests has.
        """
        ports = self._ports_of(gateway)
        return ports[0] if ports else None

    def listen_port(self, server: Server) -> int:
        """The port on which the pods listen: a Service that has the server's port translates it."""
        number = server.port.number("number")
        ports = self._ports_of(server.gateway)
        found = ports[1].get(number, number) if ports else number
        if not found:
            raise UnknownValueError(server.port.at("number"))
        return found

    def _ports_of(self, gateway: Gateway) -> tuple[dict[int, int], dict[int, int]] | None:
        selector = gateway.labels
        if selector not in self._service_ports:
            self._service_ports[selector] = self._read_service_ports(gateway)
        return self._service_ports[selector]

    def _read_service_ports(self, gateway: Gateway) -> tuple[dict[int, int], dict[int, int]] | None:
        """All ports, and those that Istio translates."""
        carried: dict[int, int] = {}
        translated: dict[int, int] = {}
        try:
            for workload in self.workloads(gateway):
                for service in self._services:
                    selector = service.spec.labels("selector")
                    selects = bool(selector) and selector.items() <= workload.labels.items()
                    if selects and service.namespace == workload.namespace:
                        ports = _ports(service, workload)
                        carried = {**ports, **carried}
                        if _NOT_TRANSLATED not in service.metadata.node("labels"):
                            translated = {**ports, **translated}
        except (UnknownValueError, MalformedError):
            return None
        return (carried, translated) if carried else None


def _address(bind: str) -> str:
    return "" if bind == "0.0.0.0" else bind  # noqa: S104  # read here, not listened on


def _ports(service: Service, workload: Workload) -> dict[int, int]:
    found: dict[int, int] = {}
    for port in service.ports:
        number, target = port.number("port"), port.value.get("targetPort")
        if port.text("protocol").upper() in ("", "TCP"):
            if isinstance(target, str) and not target.isdigit():
                found[number] = workload.container_ports.get(target, 0)
            else:
                found[number] = int(target) if isinstance(target, int | float | str) else number
    return found


def _oldest_first(servers: list[Server]) -> list[Server]:
    if all(server.gateway.created for server in servers):
        return sorted(servers, key=lambda server: server.gateway.created)
    return servers
