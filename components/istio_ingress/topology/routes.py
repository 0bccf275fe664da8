"""The routes of VirtualServices, and the Services that they lead to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from istio_ingress.rules.hosts import full_name, narrower
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import Server
from istio_ingress.rules.routing import ROUTE_KINDS, VirtualService
from istio_ingress.rules.values import Node, known
from istio_ingress.topology import matches
from istio_ingress.topology.backends import PodSource
from istio_ingress.topology.findings import Troubles
from istio_ingress.topology.ingresses import called
from istio_ingress.topology.model import Backend, Route


@dataclass(frozen=True)
class BoundRoute:
    """A route, and what decides whether a listener takes it."""

    kind: str
    route: Route
    sni: tuple[str, ...] = ()

    def is_taken(self, server: Server, host: str) -> bool:
        """Whether a server uses this kind of route, and this one for the host."""
        ends_tls = known(lambda: server.is_http or server.terminates) is not False
        if ends_tls or self.kind == "http":
            return ends_tls and self.kind == "http"
        return not self.sni or any(narrower(host, sni) for sni in self.sni)


class Routes:
    """Makes routes; a Service that several of them lead to is one and the same."""

    def __init__(self, index: Index, troubles: Troubles, pods: PodSource) -> None:
        self._index, self._troubles, self._pods = index, troubles, pods
        self._backends: dict[tuple[str, int], Backend] = {}

    def of(self, service: VirtualService) -> list[BoundRoute]:
        """The routes of a VirtualService in its order."""
        whole = self._troubles.besides(service, *(f"spec.{part}" for part in (*ROUTE_KINDS, "hosts", "gateways")))
        found = []
        for kind in ROUTE_KINDS:
            for node in service.known_spec.known_nodes(kind):
                taken = [match.value for match in node.known_nodes("match")]
                words = [matches.http(match) if kind == "http" else matches.sni(match) for match in taken]
                route = Route(
                    called(service),
                    tuple(words) if all(words) else (),
                    list(dict.fromkeys(self._backend(owner, node) for owner, node in self._targets(service, node))),
                    _answer(node.value),
                    [*self._troubles.below(service, node.path), *whole],
                )
                sni = tuple(str(host) for match in taken for host in _list(match.get("sniHosts")))
                found.append(BoundRoute(kind, route, sni))
        return found

    def _targets(self, service: VirtualService, node: Node) -> Iterator[tuple[VirtualService, Node]]:
        for target in node.known_nodes("route"):
            if isinstance(target.value.get("destination"), Mapping):
                yield service, target.node("destination")
        delegate = node.value.get("delegate")
        if isinstance(delegate, Mapping):
            key = str(delegate.get("namespace") or service.labelled()[0]), str(delegate.get("name"))
            found = known(self._index.virtual_services.find, *key)
            for inner in found.known_spec.known_nodes("http") if found else []:
                if found and "delegate" not in inner:  # Istio follows one delegate and no further
                    yield from self._targets(found, inner)

    def _backend(self, owner: VirtualService, target: Node) -> Backend:
        host = known(target.text, "host") or ""
        number = known(lambda: target.node("port").number("number")) or 0
        full = full_name(host, owner.labelled()[0], self._index.settings.cluster_domain)
        if (full, number) not in self._backends:
            self._backends[full, number] = self._new_backend(full, number)
        return self._backends[full, number]

    def _new_backend(self, host: str, number: int) -> Backend:
        port = str(number or "")
        if not host:
            return Backend("(not known yet)", port, is_known=False)
        name, _, namespace = host.removesuffix(f".svc.{self._index.settings.cluster_domain}").partition(".")
        if f"{name}.{namespace}" == host:
            return Backend(host, port, is_known=False)
        service = known(self._index.services.find, namespace, name)
        if service is None:
            return Backend(f"Service {namespace}/{name}", port, is_known=False)
        backend = Backend(f"Service {namespace}/{name}", port)
        for node in known(lambda: service.ports) or []:
            if number in (node.value.get("port"), 0):
                backend.port = str(node.value.get("port"))
                self._pods.fill(backend, service.node.value, node.value)
                break
        return backend


def _answer(route: Mapping[str, Any]) -> str:
    """What the gateway answers by itself, if it does."""
    redirect, direct = route.get("redirect"), route.get("directResponse")
    if isinstance(redirect, Mapping):
        target = "".join(str(redirect[part]) for part in ("authority", "uri", "scheme") if redirect.get(part))
        return f"{redirect.get('redirectCode') or 301} to {target or 'elsewhere'}"
    if isinstance(direct, Mapping):
        return f"{direct.get('status')} by the gateway"
    return ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
