"""VirtualServices, and the Services to which their routes lead."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from rules.matches import Match, http_match, l4_match
from rules.resources import Resource
from rules.values import Node


class VirtualService(Resource):
    """An Istio VirtualService."""

    @cached_property
    def hosts(self) -> list[str]:
        """Its hosts in lower case; none in a delegate."""
        return [host.lower() for host in self.spec.texts("hosts")]

    @cached_property
    def gateways(self) -> list[str]:
        """The Gateways it is bound to as it names them; without any it is bound to the mesh."""
        return self.spec.texts("gateways") or ["mesh"]

    @cached_property
    def matches(self) -> dict[str, list[list[Match]]]:
        """The matches of every route; a route without a match takes everything."""
        readers = {"http": http_match, "tls": l4_match, "tcp": l4_match}
        everything = [Node({}, "")]
        return {
            kind: [
                [read(match, self.gateways) for match in route.nodes("match") or everything]
                for route in self.spec.nodes(kind)
            ]
            for kind, read in readers.items()
        }

    @property
    def destinations(self) -> list[Destination]:
        """Where its routes lead, as far as that is known."""
        found: list[Node] = []
        for kind in ("http", "tls", "tcp"):
            for route in self.known_spec.known_nodes(kind):
                held = [(target, "destination") for target in route.known_nodes("route")]
                held += [(mirror, "destination") for mirror in route.known_nodes("mirrors")]
                held += [(route, "mirror")] if "mirror" in route else []
                found += [node.node(key) for node, key in held if isinstance(node.value.get(key), Mapping | None)]
        return [Destination(self, node) for node in found]

    def gateway_key(self, name: str) -> tuple[str, str]:
        """Namespace and name of a Gateway that it names: `name`, `ns/name`, `./name` or the old `name.ns.svc…`."""
        namespace, slash, rest = name.partition("/")
        if slash:
            return (self.namespace if namespace == "." else namespace), rest
        if "." in name:
            parts = name.split(".")
            return parts[1], parts[0]
        return self.namespace, name


class Destination:
    """Where a route of a VirtualService leads."""

    def __init__(self, service: VirtualService, node: Node) -> None:
        self.service, self.node = service, node

    @cached_property
    def host(self) -> str:
        """The host as it is written: a short name, or a full one."""
        return self.node.text("host")


class Service(Resource):
    """A Kubernetes Service."""

    @cached_property
    def ports(self) -> list[Node]:
        """Its ports."""
        return self.spec.nodes("ports")


class ServiceEntry(Resource):
    """An Istio ServiceEntry: hosts that are no Kubernetes Services."""

    def is_exported_to(self, namespace: str) -> bool:
        """Whether VirtualServices of a namespace see it."""
        exported = self.spec.texts("exportTo") or ["*"]
        return any(to in ("*", namespace) or (to == "." and self.namespace == namespace) for to in exported)


class DestinationRule(Resource):
    """An Istio DestinationRule: the subsets of a Service."""
