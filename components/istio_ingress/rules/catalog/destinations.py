"""Rules about where routes lead: Services, their ports and their subsets."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, GATEWAY_PODS, HTTP_SERVER, SERVICE, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import is_ip_address, is_no_service
from istio_ingress.rules.index import Index
from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Gateway
from istio_ingress.rules.routing import MESH, Destination, DestinationRule, Service, ServiceEntry, VirtualService
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import Node
from istio_ingress.rules.words import some, those_of

_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{route: [{destination: {host: cart, port: {number: 8000}}}]}]
"""
_BOTH = f"{VIRTUAL_SERVICE}{_ROUTE}---\n{SERVICE}\n"
_ALL = f"{GATEWAY}\n{HTTP_SERVER}\n---\n{GATEWAY_PODS}\n---\n{_BOTH}"


@rule(
    Destination,
    "route-service-missing",
    Severity.ERROR,
    misses=True,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host); "
    "istio pilot/pkg/model/config.go ResolveShortnameToFQDN",
    example=Example.fixed(
        _ALL.replace("host: cart", "host: basket"), ("host: basket", "host: cart"), settings=Settings(complete=True)
    ),
)
def route_service_missing(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route to a Service that does not exist answers 503.

    A name with a dot is taken as it stands: `cart.shop` is not the Service `cart` of the namespace `shop`.
    """
    if not destination.host:
        remedy = "Name the Service, in full if it is in another namespace."
        yield Problem(destination.service, destination.node.at("host"), "This route names no host.", remedy)
    elif not target(destination, index).entries and not is_no_service(destination.host, index.settings.cluster_domain):
        problem = _half_named(destination, index)
        key = target(destination, index).key
        if problem is None and index.has_all(index.services, key[0] if key else ""):
            problem = _missing(destination, index)
        if problem:
            absent_from = key[0] or "*" if key else ""
            yield Problem(destination.service, destination.node.at("host"), *problem, absent_from)


@rule(
    Destination,
    "route-service-misspelt",
    Severity.WARNING,
    misses=True,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host)",
    example=Example.fixed(_BOTH.replace("host: cart", "host: card"), ("host: card", "host: cart")),
)
def route_service_misspelt(destination: Destination, index: Index) -> Iterator[Problem]:
    """A Service that is not among the manifests, beside one whose name is the same but for a letter."""
    meant = target(destination, index)
    key = meant.key
    if key is None or meant.service or meant.entries:
        return
    if index.has_all(index.services, key[0]):
        return
    right = index.services.near(*key)
    if right and not is_no_service(destination.host, index.settings.cluster_domain):
        yield Problem(
            destination.service,
            destination.node.at("host"),
            f"There is no Service {key[1]!r} here, and there is {right!r}.",
            f"If that one is meant, write {right!r}.",
        )


@rule(
    Destination,
    "route-host-case",
    Severity.ERROR,
    source="istio pilot/pkg/model/config.go ResolveShortnameToFQDN (hosts are compared as they are written)",
    example=Example.fixed(_BOTH.replace("host: cart", "host: Cart"), ("host: Cart", "host: cart")),
)
def route_host_case(destination: Destination, index: Index) -> Iterator[Problem]:
    """Services have names in lower case; a route to one in capitals leads nowhere and answers 503."""
    host = destination.host
    if is_no_service(host, index.settings.cluster_domain) and not target(destination, index).entries:
        message = f"No Service is called {host!r}: their names are in lower case."
        yield Problem(destination.service, destination.node.at("host"), message, f"Write {host.lower()!r}.")


@rule(
    Destination,
    "route-port-missing",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host:port)",
    example=Example.fixed(_BOTH.replace("number: 8000", "number: 8080"), ("number: 8080", "number: 8000")),
)
def route_port_missing(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route to a port that the Service does not have answers 503; the port is the Service's, not the container's."""
    port = destination.node.node("port")
    number = port.number("number")
    ports = target(destination, index).ports
    if number and ports and number not in ports:
        before = next((port for port, target in ports.items() if target == number), 0)
        hint = f"; {number} is the target port behind {before}" if before else ""
        yield Problem(
            destination.service,
            port.at("number"),
            f"The port is {number}, and {destination.host!r} has {some(sorted(ports), 8)}{hint}.",
            f"Use {before or some(sorted(ports), 8)}.",
        )


@rule(
    Destination,
    "route-port-ambiguous",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0112 VirtualServiceDestinationPortSelectorRequired",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{_BOTH}".replace("cart, port: {number: 8000}", "cart").replace(
            "[{name: http", "[{name: http-admin, port: 9000}, {name: http"
        ),
        ("{host: cart}", "{host: cart, port: {number: 8000}}"),
    ),
)
def route_port_ambiguous(destination: Destination, index: Index) -> Iterator[Problem]:
    """Of a Service with several ports a route without a port takes the listener's, which must be among them."""
    if "port" in destination.node:
        return
    ports = target(destination, index).ports
    if not ports or len(ports) < 2:
        return
    service = destination.service
    listening = {binding.server.port.number("number") for binding in index.bindings(service)}
    known_all = MESH not in service.gateways and len(index.gateways_of(service)) == len(service.gateways)
    if listening and known_all and not listening & ports.keys():
        yield Problem(
            service,
            destination.node.path,
            f"No port is named, so it is the gateway's, {some(sorted(listening))}; {destination.host!r} has "
            f"{some(sorted(ports), 8)}.",
            f"Name one: port: {{number: {min(ports)}}}.",
        )


@rule(
    Destination,
    "route-port-udp",
    Severity.ERROR,
    source="istio pilot/pkg/networking/core/cluster.go buildOutboundClusters",
    example=Example.fixed(
        _BOTH.replace("{name: http, port: 8000,", "{name: http, port: 8000, protocol: UDP,"), (" protocol: UDP,", "")
    ),
)
def route_port_udp(destination: Destination, index: Index) -> Iterator[Problem]:
    """Istio routes no UDP: for a port that has only that it makes no cluster, and the route answers 503."""
    port = destination.node.node("port")
    number = port.number("number")
    there = target(destination, index).port_nodes
    meant = [one for one in there if number in (0, port_number(one))]
    if meant and (number or len(there) == 1) and all(one.text("protocol").upper() == "UDP" for one in meant):
        yield Problem(
            destination.service,
            port.at("number") if number else destination.node.path,
            f"The port {port_number(meant[0])} of {destination.host!r} is one of UDP only.",
            "Route to a port of TCP, or give the Service one.",
        )


class Target:
    """What a host means in the routes of one VirtualService, looked up once for all of them."""

    def __init__(self, host: str, source: VirtualService, index: Index) -> None:
        self._host, self._source, self._index = host, source, index

    @cached_property
    def key(self) -> tuple[str, str] | None:
        """Namespace and name of the Service that is meant; None when it is none."""
        if "." not in self._host:
            return self._source.namespace, self._host
        suffix = f".svc.{self._index.settings.cluster_domain}"
        name, dot, namespace = self._host.removesuffix(suffix).partition(".")
        return (namespace, name) if dot and self._host.endswith(suffix) and "." not in namespace else None

    @cached_property
    def service(self) -> Service | None:
        """That Service, if it is among the manifests."""
        return self._index.services.find(*self.key) if self.key else None

    @cached_property
    def entries(self) -> list[ServiceEntry]:
        """The ServiceEntries that are meant."""
        entries = self._index.entries_for(self._host, self._source.namespace)
        return [entry for entry in entries if entry.is_exported_to(self._source.namespace)]

    @cached_property
    def port_nodes(self) -> list[Node]:
        """The ports of the ServiceEntries or of the Service, as far as they are here."""
        if self.entries:
            return [port for entry in self.entries for port in entry.spec.nodes("ports")]
        return self.service.ports if self.service else []

    @cached_property
    def ports(self) -> dict[int, int] | None:
        """The ports and the ports behind them; None when they are not known."""
        ports = {}
        for port in self.port_nodes:
            behind = port.value.get("targetPort")
            ports[port_number(port)] = int(behind) if isinstance(behind, int | float) else 0
        return ports or None


def target(destination: Destination, index: Index) -> Target:
    """What a destination's host means."""
    found, key = index.once(_targets), (id(destination.service), destination.host)
    if key not in found:
        found[key] = Target(destination.host, destination.service, index)
    return found[key]


def _targets(_: Index) -> dict[tuple[int, str], Target]:
    return {}


def homes(destination: Destination, index: Index) -> set[str]:
    """The namespaces of what a destination means."""
    meant = target(destination, index)
    if meant.entries:
        return {entry.namespace for entry in meant.entries} - {""}
    key = meant.key
    return {key[0]} - {""} if key else set()


def blind_to(rules: list[DestinationRule], destination: Destination, index: Index) -> Iterator[tuple[Gateway, str]]:
    """The Gateways of a route whose pods certainly see none of these DestinationRules, with the pods' namespace.

    A gateway looks for DestinationRules in its own namespace, in the destination's and in Istio's.
    """
    own = homes(destination, index)
    if not rules or not own or any(not rule.namespace for rule in rules):
        return
    for gateway in index.gateways_of(destination.service):
        for pods in sorted(index.gateway_namespaces(gateway)):
            looked_in = {pods, *own, *index.root_namespaces}
            if not any(rule.namespace in looked_in and rule.is_exported_to(pods) for rule in rules):
                yield gateway, pods


def _missing(destination: Destination, index: Index) -> tuple[str, str] | None:
    """What is wrong with a destination's host, and what would be right."""
    key = target(destination, index).key
    if key is None:
        return _missing_outside(destination, index)
    namespace, name = key
    if not namespace or index.services.find(namespace, name):
        return None
    there = those_of(index.services.names(namespace))
    remedy = "Name one that exists, in full if it is in another namespace."
    return f"There is no Service {name!r} in {namespace!r}{there}.", remedy


def _half_named(destination: Destination, index: Index) -> tuple[str, str] | None:
    """The same for a host such as `cart.shop`, of which there is a Service."""
    host, parts = destination.host, destination.host.split(".")
    if (len(parts) == 2 or parts[2:] == ["svc"]) and index.services.find(parts[1], parts[0]):
        full = f"{parts[0]}.{parts[1]}.svc.{index.settings.cluster_domain}"
        return f"{host!r} has a dot, so Istio takes it as it stands.", f"Write {full!r}."
    return None


def _missing_outside(destination: Destination, index: Index) -> tuple[str, str] | None:
    """The same for a host that is no full name of a Service."""
    if is_ip_address(destination.host):
        return None
    there = those_of(one for entry in index.service_entries for one in entry.known_spec.known_texts("hosts"))
    message = f"No ServiceEntry that {destination.service.namespace!r} sees has {destination.host!r}{there}."
    return message, "Add a ServiceEntry, or name a Service of the cluster."


def port_number(port: Node) -> int:
    """Its number, which a Service calls its port."""
    return port.number("number") or port.number("port")
