"""Rules about the protocol that a gateway speaks to the Services behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istio_ingress.rules.catalog.destinations import blind_to, port_number, target
from istio_ingress.rules.catalog.examples import SERVICE, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Gateway
from istio_ingress.rules.routing import MESH, Destination, DestinationRule
from istio_ingress.rules.values import Node
from istio_ingress.rules.words import some

_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{route: [{destination: {host: cart, port: {number: 8000}}}]}]
"""
_BOTH = f"{VIRTUAL_SERVICE}{_ROUTE}---\n{SERVICE}\n"
_SELECTION = "Istio protocol selection (Service port names, appProtocol)"
_TLS = ("https", "tls")
_HTTP2 = ("http2", "grpc", "grpc-web", "kubernetes.io/h2c")
#: Where people serve plain HTTP behind a port that they call https, because a load balancer ends TLS.
_PLAIN_TARGETS = (80, 3000, 3001, 4000, 5000, 8000, 8080, 8081, 8888, 9000, 9090)
_TLS_WORDS = ("https", "tls", "ssl")
_GRPC_PORT = 50051


@rule(
    Destination,
    "route-plain-to-tls",
    Severity.WARNING,
    source=f"{_SELECTION}; istio/istio#26554, #15647",
    example=Example.fixed(
        _BOTH.replace("{name: http, port: 8000, targetPort: 8080}", "{name: https, port: 8000, targetPort: 8443}"),
        ("{name: https,", "{name: http,"),
    ),
)
def route_plain_to_tls(destination: Destination, index: Index) -> Iterator[Problem]:
    """An `http` route reaches a port that speaks TLS in plain HTTP, unless a DestinationRule begins TLS."""
    port = _tls_port(destination, index)
    if port is None:
        return
    number = port_number(port)
    rules = index.destination_rules_for(destination.host, destination.service.namespace)
    rules = [rule for rule in rules if rule.begins_tls(number)]
    may_be_of_mesh = MESH in destination.service.gateways  # whose pods look into their own namespaces
    blind = None if may_be_of_mesh else next(blind_to(rules, destination, index), None)
    is_of_service = "port" in port
    holds_all = is_of_service or index.settings.complete or index.settings.program  # Istio's own tasks have two files
    if blind or (not rules and holds_all):
        named = f"is called {_called(port)}" if is_of_service else f"has the protocol {port.text('protocol')}"
        yield Problem(
            destination.service,
            destination.node.path,
            f"The port {number} of {destination.host!r} {named}, and the gateway sends plain HTTP to it: "
            f"{_no_tls(rules, blind)}.",
            "Add a DestinationRule with trafficPolicy.tls.mode SIMPLE where the gateway looks for it, or call the port "
            "http if it is plain.",
        )


@rule(
    Destination,
    "route-grpc-as-http1",
    Severity.WARNING,
    source=f"{_SELECTION}; istio pilot/pkg/networking/core/cluster_builder.go; istio/istio#36500, #57294",
    example=Example.fixed(_BOTH.replace("{name: http,", "{name: rpc-grpc,"), ("{name: rpc-grpc,", "{name: grpc-rpc,")),
)
def route_grpc_as_http1(destination: Destination, index: Index) -> Iterator[Problem]:
    """A gateway speaks HTTP/1.1 to a port that is called neither grpc nor http2; gRPC servers refuse that."""
    port = _port(destination, index)
    if port is None or not _seems_grpc(port) or protocol(port) in (*_HTTP2, *_TLS):
        return
    rules = index.destination_rules_for(destination.host, destination.service.namespace)
    upgraded = any("UPGRADE" in str(rule.spec.value.get("trafficPolicy")) for rule in rules)
    if not upgraded and "web" not in port.text("name"):
        yield Problem(
            destination.service,
            destination.node.path,
            f"The port {port.number('port')} of {destination.host!r} is called {_called(port)}, to which the "
            "gateway speaks HTTP/1.1, and it seems to be one of gRPC.",
            "Let the port's name begin with grpc, or set appProtocol: grpc.",
        )


def protocol(port: Node) -> str:
    """What Istio takes a port for: its appProtocol, or its name up to the first dash; empty if it has neither."""
    told = port.text("appProtocol").lower()
    if told:
        return told
    name = port.text("name").lower()
    return "grpc-web" if name.startswith("grpc-web") else name.partition("-")[0]


def _seems_grpc(port: Node) -> bool:
    names = f"{port.text('name')}.{port.value.get('targetPort')}".lower()
    return port.number("port") == _GRPC_PORT or ("grpc" in names and "grpc" in re.split(r"[-_.]", names))


def _tls_port(destination: Destination, index: Index) -> Node | None:
    """The port to which a gateway sends a destination's HTTP requests, if that and what is behind it speak TLS."""
    port = _port(destination, index)
    if port is not None:
        behind = port.value.get("targetPort")
        return port if protocol(port) in _TLS and not _is_plain(behind) else None
    return _entry_port(destination, index)


def _entry_port(destination: Destination, index: Index) -> Node | None:
    """The same of ServiceEntries for this very host, where a port has a protocol and its name counts for nothing."""
    meant = target(destination, index)
    if not _is_from_gateway(destination) or not meant.entries or meant.service:
        return None
    if not all(destination.host in entry.spec.texts("hosts") for entry in meant.entries):
        return None  # a wildcard
    number = destination.node.node("port").number("number")
    numbers = {port_number(port) for port in meant.port_nodes}
    ports = [port for port in meant.port_nodes if number == port_number(port) or (not number and len(numbers) == 1)]
    if not ports or any(port.text("protocol").lower() not in _TLS for port in ports):
        return None
    endpoints = [endpoint.node("ports") for entry in meant.entries for endpoint in entry.spec.nodes("endpoints")]
    behind = [port.value.get("targetPort") or port_number(port) for port in ports]
    behind += [held.value.get(port.text("name")) for held in endpoints for port in ports]
    return None if any(map(_is_plain, behind)) else ports[0]


def _is_plain(target_port: object) -> bool:
    """Whether people serve plain HTTP on such a port, given by its number or its name."""
    if isinstance(target_port, str):
        return not any(word in target_port for word in _TLS_WORDS)
    return target_port in _PLAIN_TARGETS


def _is_from_gateway(destination: Destination) -> bool:
    """Whether a gateway sends HTTP requests to it."""
    return destination.is_http and destination.service.gateways != [MESH]


def _port(destination: Destination, index: Index) -> Node | None:
    """The port of a Service among the manifests to which a gateway sends a destination's HTTP requests."""
    if not _is_from_gateway(destination):
        return None
    service = target(destination, index).service
    if service is None or service.spec.text("type") == "ExternalName":
        return None
    number = destination.node.node("port").number("number")
    if not number and len(service.ports) == 1:
        return service.ports[0]
    return next((port for port in service.ports if number and port.number("port") == number), None)


def _no_tls(rules: list[DestinationRule], blind: tuple[Gateway, str] | None) -> str:
    """Why the gateway does not begin TLS."""
    if blind is None:
        return "no DestinationRule begins TLS"
    gateway, pods = blind
    return f"the pods of {gateway} run in {pods!r} and do not see {some(rules)}, which begins TLS"


def _called(port: Node) -> str:
    name, told = port.text("name"), port.text("appProtocol")
    return f"{name!r} with appProtocol {told!r}" if told else repr(name)
