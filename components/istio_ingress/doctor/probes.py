"""Which requests tell whether the routes of a gateway answer: one harmless request for a host and route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import zip_longest

from istio_ingress.doctor.samples import request_for
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.rules.hosts import covers_host, narrower
from istio_ingress.rules.resources import HTTP_PROTOCOLS, TERMINATING_MODES
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import MalformedError, Node, UnknownValueError
from istio_ingress.topology import Entry, Listener
from istio_ingress.topology.ingresses import called
from istio_ingress.walk import NotKnownError, Request
from istio_ingress.walk.delegates import http_routes

#: The rule that finds hosts for which the routes of a wildcard do not hold, though somebody may think so.
_HIDDEN = "wildcard-routes-hidden"


@dataclass(frozen=True)
class Target:
    """Where a route leads."""

    host: str
    """The full name."""
    namespace: str
    """Of the VirtualService that names it."""
    port: int
    """0 where the route names none."""
    subset: str


@dataclass(frozen=True)
class Probe:
    """A request that a route is for."""

    host: str
    """As the Gateway or the VirtualService has it; the request's own may be one below a wildcard."""
    listener: Listener
    request: Request
    route: str = ""
    """`VirtualService shop/cart spec.http[0]`; empty where the host has no route."""
    parts: tuple[tuple[str, str, str], ...] = ()
    """Where the route is written: namespace and name of a VirtualService, and the field; empty for all of it."""
    targets: tuple[Target, ...] = ()
    own_status: int = 0
    """With which the gateway answers where the route leads nowhere: a direct response, or a redirect."""
    is_hidden: bool = False
    """Whether the route is a wildcard's, and the host has others of its own."""


@dataclass(frozen=True)
class _Asked:
    """What a route asks of a request; without a match anything."""

    path: str
    matches: tuple[Node, ...]
    parts: tuple[tuple[str, str, str], ...] = ()
    targets: tuple[Target, ...] = ()
    own_status: int = 0
    is_hidden: bool = False


class Probes:
    """The requests for a gateway's hosts."""

    def __init__(self, facts: ClusterFacts) -> None:
        self._facts = facts
        self._ports = _client_ports(facts)
        self._services: dict[str, list[VirtualService]] = {}
        for service in facts.index.virtual_services.items:
            self._services.setdefault(called(service), []).append(service)

    def all(self) -> list[Probe]:
        """One for each host and route.

        First come the first routes of all hosts, then the second ones: any number of them is about many hosts.
        """
        found = [list(self._of(entry)) for entry in self._facts.topology.entries]
        ordered = (probe for round_ in zip_longest(*found) for probe in round_ if probe)
        return list({probe.request: probe for probe in reversed(list(ordered))}.values())[::-1]

    def _of(self, entry: Entry) -> Iterator[Probe]:
        listener = entry.listener
        port = self._ports.get(listener.port) if listener else None
        if listener is None or port is None or not _speaks_http(listener):
            return
        routes = [*self._routes(entry), *self._hidden(entry)]
        for asked in [_Asked("", ())] if listener.redirects else routes:
            sent = request_for(_name(entry.host), port, listener.protocol.lower() == "https", asked.matches)
            if sent is not None:
                yield Probe(
                    entry.host,
                    listener,
                    sent,
                    asked.path,
                    asked.parts,
                    asked.targets,
                    asked.own_status,
                    asked.is_hidden,
                )

    def _routes(self, entry: Entry) -> Iterator[_Asked]:
        for resource in dict.fromkeys(route.resource for route in entry.routes):
            for service in self._services.get(resource, []):
                if any(_meets(host, entry.host) for host in _hosts(service)):
                    yield from self._asked(service)

    def _hidden(self, entry: Entry) -> Iterator[_Asked]:
        """The routes of a wildcard over a host that has routes of its own, where the rules find that they are lost."""
        ours = {route.resource for route in entry.routes}
        said = [one for one in self._facts.findings if one.rule == _HIDDEN and not one.waived]
        if not any(one.resource in ours for one in said):
            return
        for other in self._facts.topology.entries:
            is_wide = other.listener is entry.listener and other.host != "*" and other.host != entry.host
            if is_wide and covers_host(other.host, entry.host):
                yield from (replace(asked, is_hidden=True) for asked in self._routes(other))

    def _asked(self, service: VirtualService) -> Iterator[_Asked]:
        """What its routes ask, and those of its delegates; of one that delegates what it hands on, too."""
        with suppress(NotKnownError, UnknownValueError, MalformedError):
            for route in service.spec.nodes("http"):
                if "delegate" in route:
                    parts = ((*service.labelled(), route.path), *self._delegate(service, route))
                    yield _Asked(f"{service} {route.path}", tuple(route.nodes("match")), parts)
            for found in http_routes(service, self._find):
                part = (*found.service.labelled(), found.node.path)
                targets = tuple(self._targets(found.service, found.node))
                own = _own_status(found.node)
                yield _Asked(f"{found.service} {found.node.path}", found.matches, (part,), targets, own)

    def _targets(self, service: VirtualService, route: Node) -> Iterator[Target]:
        for one in route.nodes("route"):
            named = one.node("destination")
            host = self._facts.index.full_host(named.text("host"), service)
            yield Target(host, service.namespace, named.node("port").number("number"), named.text("subset"))

    def _delegate(self, service: VirtualService, route: Node) -> tuple[tuple[str, str, str], ...]:
        named = route.node("delegate")
        return ((named.text("namespace") or service.namespace, named.text("name"), ""),)

    def _find(self, namespace: str, name: str) -> VirtualService | None:
        return self._facts.index.virtual_services.find(namespace, name)


def _own_status(route: Node) -> int:
    if "redirect" in route:
        return route.node("redirect").number("redirectCode") or 301
    return route.node("directResponse").number("status")


def _speaks_http(listener: Listener) -> bool:
    protocol = listener.protocol.lower()
    return protocol in HTTP_PROTOCOLS or (protocol == "https" and listener.mode in TERMINATING_MODES)


def _client_ports(facts: ClusterFacts) -> dict[int, int]:
    """The gateway's Service's ports by what a Gateway may call them: so, or by the pods' own ports."""
    ports = facts.service["spec"].get("ports") or []
    numbers = {port["targetPort"]: port["port"] for port in ports if isinstance(port.get("targetPort"), int)}
    return {**numbers, **{port["port"]: port["port"] for port in ports}}


def _name(host: str) -> str:
    return host.replace("*", "any", 1)


def _hosts(service: VirtualService) -> Sequence[str]:
    try:
        return service.hosts
    except (UnknownValueError, MalformedError):
        return ()


def _meets(one: str, other: str) -> bool:
    return narrower(one, other) != ""
