"""VirtualServices, and the Services to which their routes lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.matches import Match, Shadowed, http_match, l4_match, shadowed
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import Node, UnknownValueError, known_of

#: What a VirtualService names instead of a Gateway for the pods of the mesh themselves.
MESH = "mesh"
ROUTE_KINDS = ("http", "tls", "tcp")


class Exported(Resource):
    """An object that says which namespaces see it."""

    @cached_property
    def exports(self) -> list[str]:
        """Those namespaces: `*` is all, `.` its own, `~` none."""
        return self.spec.texts("exportTo") or ["*"]

    @property
    def is_public(self) -> bool:
        """Whether every namespace sees it."""
        return "*" in self.exports

    def is_exported_to(self, namespace: str) -> bool:
        """Whether a namespace sees it. Where its own is not told, `.` may mean that one."""
        own = self.namespace in ("", namespace)
        return self.is_public or any(to == namespace or (to == "." and own) for to in self.exports)


class VirtualService(Exported):
    """An Istio VirtualService."""

    @cached_property
    def hosts(self) -> list[str]:
        """Its hosts in lower case; none in a delegate."""
        return [host.lower() for host in self.spec.texts("hosts")]

    @cached_property
    def gateways(self) -> list[str]:
        """The Gateways it is bound to as it names them; without any it is bound to the mesh."""
        return self.spec.texts("gateways") or [MESH]

    @cached_property
    def matches(self) -> dict[str, list[list[Match]]]:
        """The matches of every route; a route without a match takes everything."""
        readers = {"http": http_match, "tls": l4_match, "tcp": l4_match}
        everything = [Node({}, "")]
        bound_to = frozenset(map(self.gateway_name, self.gateways))
        return {
            kind: [
                [read(match, bound_to, self.gateway_name) for match in route.nodes("match") or everything]
                for route in self.spec.nodes(kind)
            ]
            for kind, read in readers.items()
        }

    @cached_property
    def shadowed(self) -> dict[str, list[Shadowed]]:
        """The matches of each kind of routes, if there are any, that an earlier route leaves nothing for."""
        return {kind: found for kind, routes in self.matches.items() if (found := list(shadowed(routes)))}

    def may_have(self, fields: Iterable[str]) -> bool:
        """Whether it may have routes of one of these kinds, or routes or matches with one of these fields."""
        there = known_of(self, "_fields")
        return there is None or not there.isdisjoint(fields)

    @cached_property
    def _fields(self) -> frozenset[str]:
        found: set[str] = set()
        for kind in ROUTE_KINDS:
            for route in self.spec.nodes(kind):
                found.add(kind)
                found.update(route.value)
                for match in route.nodes("match"):
                    found.update(match.value)
        return _same(frozenset(found))

    @property
    def destinations(self) -> list[Destination]:
        """Where its routes lead, as far as that is known."""
        found: list[tuple[Node, str]] = []
        for kind in ROUTE_KINDS:
            for route in self.known_spec.known_nodes(kind):
                held = [(target, "destination") for target in route.known_nodes("route")]
                held += [(mirror, "destination") for mirror in route.known_nodes("mirrors")]
                held += [(route, "mirror")] if "mirror" in route else []
                found += [
                    (node.node(key), kind) for node, key in held if isinstance(node.value.get(key), Mapping | None)
                ]
        return [Destination(self, node, kind == "http") for node, kind in found]

    def gateway_key(self, name: str) -> tuple[str, str]:
        """Namespace and name of a Gateway that it names: `name`, `ns/name`, `./name` or the old `name.ns.svc…`."""
        namespace, slash, rest = name.partition("/")
        if slash:
            return (self.namespace if namespace == "." else namespace), rest
        if "." in name:
            parts = name.split(".")
            return parts[1], parts[0]
        return self.namespace, name

    def gateway_name(self, name: str) -> str:
        """A Gateway that it names, as `namespace/name`; `mesh` stays as it is."""
        return MESH if name == MESH else "/".join(self.gateway_key(name))


@lru_cache(maxsize=1024)
def _same(fields: frozenset[str]) -> frozenset[str]:
    """One object for all that are equal: thousands of VirtualServices have the same few fields."""
    return fields


class Destination:
    """Where a route of a VirtualService leads."""

    def __init__(self, service: VirtualService, node: Node, is_http: bool) -> None:
        self.service, self.node, self.is_http = service, node, is_http

    def may_have(self, fields: Iterable[str]) -> bool:
        """Whether it has one of these fields."""
        return not self.node.value.keys().isdisjoint(fields)

    @cached_property
    def host(self) -> str:
        """The host as it is written: a short name, or a full one. A route must have one, so none is not judged."""
        host = self.node.text("host")
        if not host:
            raise UnknownValueError(self.node.at("host"))
        return host


class Service(Exported):
    """A Kubernetes Service."""

    @cached_property
    def exports(self) -> list[str]:
        """The namespaces that its annotation names."""
        told = self.metadata.node("annotations").text("networking.istio.io/exportTo")
        return [one.strip() for one in told.split(",") if one.strip()] or ["*"]

    @cached_property
    def ports(self) -> list[Node]:
        """Its ports."""
        return self.spec.nodes("ports")


class ServiceEntry(Exported):
    """An Istio ServiceEntry: hosts that are no Kubernetes Services."""


class DestinationRule(Exported):
    """An Istio DestinationRule: the subsets of a Service, and how connections to it are made."""

    @cached_property
    def subsets(self) -> list[str]:
        """The names of its subsets."""
        return [node.text("name") for node in self.spec.nodes("subsets")]

    def begins_tls(self, port: int) -> bool:
        """Whether its settings make the gateway speak TLS to a port, or those of a subset do."""
        policies = [self.spec.node("trafficPolicy")]
        policies += [subset.node("trafficPolicy") for subset in self.spec.nodes("subsets")]
        return any(_of_port(policy, port).node("tls").text("mode") not in ("", "DISABLE") for policy in policies)


def _of_port(policy: Node, port: int) -> Node:
    """A traffic policy for one port: what is said of the port counts alone."""
    of_ports = policy.nodes("portLevelSettings")
    return next((one for one in of_ports if one.node("port").number("number") == port), policy)
