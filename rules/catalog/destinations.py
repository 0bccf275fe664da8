"""Rules about where routes lead: Services, their ports and their subsets."""

from __future__ import annotations

from collections.abc import Iterator

from rules.catalog.examples import SERVICE, VIRTUAL_SERVICE
from rules.finding import Problem, Severity
from rules.hosts import is_ip_address
from rules.index import Index
from rules.registry import Example, rule
from rules.routing import Destination, ServiceEntry
from rules.words import some, those_of

_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{route: [{destination: {host: cart, port: {number: 8000}}}]}]
"""
_BOTH = f"{VIRTUAL_SERVICE}{_ROUTE}---\n{SERVICE}\n"
_SUBSET = f"""{_BOTH}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: cart, namespace: shop}}
spec:
  host: cart
  subsets: [{{name: v1, labels: {{version: v1}}}}]
""".replace("{host: cart, port", "{host: cart, subset: v1, port")


@rule(
    Destination,
    "route-service-missing",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host); "
    "istio pilot/pkg/model/config.go ResolveShortnameToFQDN",
    example=Example.fixed(_BOTH.replace("host: cart", "host: card"), ("host: card", "host: cart")),
)
def route_service_missing(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route to a Service that does not exist answers 503.

    A name with a dot is taken as it stands: `cart.shop` is not the Service `cart` of the namespace `shop`.
    """
    if not destination.host:
        remedy = "Name the Service, in full if it is in another namespace."
        yield Problem(destination.service, destination.node.at("host"), "This route names no host.", remedy)
    elif not _entries(destination, index):
        problem = _missing(destination, index)
        if problem:
            yield Problem(destination.service, destination.node.at("host"), *problem)


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
    ports = _ports(destination, index)
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
        _BOTH.replace("cart, port: {number: 8000}", "cart").replace(
            "[{name: http", "[{name: admin, port: 9000}, {name: http"
        ),
        ("{host: cart}", "{host: cart, port: {number: 8000}}"),
    ),
)
def route_port_ambiguous(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route must say which port it means when the Service has several."""
    ports = _ports(destination, index)
    if ports and len(ports) > 1 and "port" not in destination.node:
        yield Problem(
            destination.service,
            destination.node.path,
            f"No port is named, and {destination.host!r} has {some(sorted(ports), 8)}.",
            f"Name one: port: {{number: {min(ports)}}}.",
        )


@rule(
    Destination,
    "route-subset-missing",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (host+subset); istio/istio#6335, #8420",
    example=Example.fixed(_SUBSET.replace("subset: v1", "subset: v2"), ("subset: v2", "subset: v1")),
)
def route_subset_missing(destination: Destination, index: Index) -> Iterator[Problem]:
    """A route to a subset that no DestinationRule of the Service has answers 503."""
    subset = destination.node.text("subset")
    rules = index.destination_rules_for(destination.host, destination.service.namespace)
    known = {node.text("name") for rule in rules for node in rule.spec.nodes("subsets")}
    if subset and rules and subset not in known:
        yield Problem(
            destination.service,
            destination.node.at("subset"),
            f"There is no subset {subset!r} in {some(rules)}{those_of(sorted(known))}.",
            "Add it to the DestinationRule, before the route, or use one that is there.",
        )


def _service_key(destination: Destination, index: Index) -> tuple[str, str] | None:
    """Namespace and name of the Service that a destination means; None when it means none."""
    host = destination.host
    if "." not in host:
        return destination.service.namespace, host
    suffix = f".svc.{index.settings.cluster_domain}"
    name, dot, namespace = host.removesuffix(suffix).partition(".")
    return (namespace, name) if dot and host.endswith(suffix) and "." not in namespace else None


def _missing(destination: Destination, index: Index) -> tuple[str, str] | None:
    """What is wrong with a destination's host, and what would be right."""
    key = _service_key(destination, index)
    if key is None:
        return _missing_outside(destination, index)
    namespace, name = key
    others = index.services.beside(namespace)
    if not (others or index.settings.complete) or index.services.find(namespace, name):
        return None
    place = f" in {namespace!r}" if namespace else ""
    there = those_of(other.name for other in others)
    remedy = "Name one that exists, in full if it is in another namespace."
    return f"There is no Service {name!r}{place}{there}.", remedy


def _missing_outside(destination: Destination, index: Index) -> tuple[str, str] | None:
    """The same for a host that is no full name of a Service."""
    host, parts = destination.host, destination.host.split(".")
    half_name = len(parts) == 2 or parts[2:] == ["svc"]
    if half_name and index.services.find(parts[1], parts[0]):
        full = f"{parts[0]}.{parts[1]}.svc.{index.settings.cluster_domain}"
        return f"{host!r} has a dot, so Istio takes it as it stands.", f"Write {full!r}."
    if not index.settings.complete or is_ip_address(host):
        return None
    there = those_of(one for entry in index.service_entries for one in entry.known_spec.known_texts("hosts"))
    message = f"No ServiceEntry that {destination.service.namespace!r} sees has {host!r}{there}."
    return message, "Add a ServiceEntry, or name a Service of the cluster."


def _ports(destination: Destination, index: Index) -> dict[int, int] | None:
    """The ports of a destination and the ports behind them; None when they are not known."""
    for entry in _entries(destination, index):
        return {port.number("number"): port.number("targetPort") for port in entry.spec.nodes("ports")} or None
    key = _service_key(destination, index)
    found = index.services.find(*key) if key else None
    if found is None:
        return None
    ports = {}
    for port in found.ports:
        target = port.value.get("targetPort")
        ports[port.number("port")] = int(target) if isinstance(target, int | float) else 0
    return ports or None


def _entries(destination: Destination, index: Index) -> list[ServiceEntry]:
    entries = index.entries_for(destination.host, destination.service.namespace)
    return [entry for entry in entries if entry.is_exported_to(destination.service.namespace)]
