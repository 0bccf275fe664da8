"""Routes of a VirtualService with those of its delegates in their place, as Istio merges them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from istio_ingress.rules.routing import MESH, VirtualService
from istio_ingress.rules.values import Node
from istio_ingress.walk import exports

#: What a route of a delegate takes from the root's route where it says nothing itself.
_INHERITED = (
    "rewrite", "directResponse", "timeout", "retries", "fault", "mirror", "mirrorPercent", "mirrorPercentage",
    "corsPolicy", "mirrors", "headers",
)  # fmt: skip
_TEXTS = ("uri", "scheme", "method", "authority")
_MAPS = ("headers", "withoutHeaders", "queryParams")
_KINDS = ("exact", "prefix", "regex")


@dataclass(frozen=True)
class HttpRoute:
    """A route as Istio has it in the end: its own fields, and the VirtualService that it stands in."""

    service: VirtualService
    """Of which short names are short: the delegate's, where it comes from one."""
    root: VirtualService
    node: Node
    matches: tuple[Node, ...]
    """None: everything."""


Find = Callable[[str, str], VirtualService | None]


def http_routes(service: VirtualService, find: Find) -> Iterator[HttpRoute]:
    """The routes in their order; what delegates that do not exist, or are not exported, would have had is left out."""
    for route in service.spec.nodes("http"):
        if "delegate" not in route:
            yield HttpRoute(service, service, route, tuple(_of(service, route)))
            continue
        named = route.node("delegate")
        delegate = find(named.text("namespace") or service.namespace, named.text("name"))
        if delegate is None or delegate.spec.texts("hosts"):
            continue
        exported = delegate.spec.texts("exportTo")
        if exports.reaches(exported, delegate.namespace, service.namespace, delegate):
            yield from _merged(service, route, delegate)


def left_out(service: VirtualService, find: Find) -> Iterator[tuple[Node, str]]:
    """The routes that count for nothing because of a delegate, and why."""
    for route in service.spec.nodes("http"):
        if "delegate" not in route:
            continue
        named = route.node("delegate")
        namespace, name = named.text("namespace") or service.namespace, named.text("name")
        delegate = find(namespace, name)
        if delegate is None:
            yield named, f"there is no VirtualService {namespace}/{name}"
        elif delegate.spec.texts("hosts"):
            yield named, f"{delegate} has hosts, and so is no delegate"
        elif not exports.reaches(delegate.spec.texts("exportTo"), delegate.namespace, service.namespace, delegate):
            yield named, f"{delegate} is not exported to {service.namespace}"
        else:
            for inner in delegate.spec.nodes("http"):
                if _matches(_of(service, route), _of(delegate, inner)) is None:
                    yield route, f"takes nothing of {inner.path} of {delegate}, which is left out"


def _merged(root: VirtualService, route: Node, delegate: VirtualService) -> Iterator[HttpRoute]:
    for inner in delegate.spec.nodes("http"):
        matches = _matches(_of(root, route), _of(delegate, inner))
        if matches is None:
            continue
        inherited = {key: route.value[key] for key in _INHERITED if key in route and key not in inner}
        node = Node({**inner.value, **inherited}, inner.path)
        yield HttpRoute(delegate, root, node, tuple(matches))


def _of(service: VirtualService, route: Node) -> list[Node]:
    """The matches of a route; the Gateways that they name are written `namespace/name`."""
    found = []
    for match in route.nodes("match"):
        names = match.texts("gateways")
        full = [name if name == MESH else "/".join(service.gateway_key(name)) for name in names]
        found.append(Node({**match.value, "gateways": full}, match.path))
    return found


def _matches(root: list[Node], inner: list[Node]) -> list[Node] | None:
    """Both together; None where the root takes nothing of a match of the delegate, so that its route is left out."""
    if not root or not inner:
        return inner or root
    found: list[Node] = []
    for match in inner:
        fitting = [_joined(outer, match) for outer in root if not _conflict(outer, match)]
        if not fitting:
            return None
        found += fitting
    return found


def _joined(outer: Node, inner: Node) -> Node:
    fields = {**outer.value, **{key: value for key, value in inner.value.items() if value is not None}}
    for field in (*_MAPS, "sourceLabels"):
        fields[field] = {**outer.node(field).value, **inner.node(field).value}
    fields["gateways"] = inner.texts("gateways") or outer.texts("gateways")
    fields["port"] = inner.number("port") or outer.number("port")
    fields["ignoreUriCase"] = inner.flag("ignoreUriCase")
    return Node(fields, inner.path)


def _conflict(outer: Node, inner: Node) -> bool:
    pairs = [(outer, inner, field) for field in _TEXTS]
    pairs += [(outer.node(field), inner.node(field), key) for field in _MAPS for key in inner.node(field).value]
    if any(_excludes(one, other, key) for one, other, key in pairs):
        return True
    ports = outer.number("port"), inner.number("port")
    namespaces = outer.text("sourceNamespace"), inner.text("sourceNamespace")
    labels = outer.labels("sourceLabels")
    gateways = outer.texts("gateways"), inner.texts("gateways")
    return (
        outer.flag("ignoreUriCase") != inner.flag("ignoreUriCase")
        or (all(ports) and ports[0] != ports[1])
        or (namespaces[0] != "" and namespaces[0] != namespaces[1])
        or any(labels.get(key, value) != value for key, value in inner.labels("sourceLabels").items())
        or (all(gateways) and (len(gateways[0]) < len(gateways[1]) or not set(gateways[1]) <= set(gateways[0])))
    )


def _excludes(outer: Node, inner: Node, key: str) -> bool:
    """Whether two StringMatches exclude each other for Istio, which does not look into regular expressions."""
    if outer.value.get(key) is None or inner.value.get(key) is None:
        return False
    wide = {kind: outer.node(key).text(kind) for kind in _KINDS}
    narrow = {kind: inner.node(key).text(kind) for kind in _KINDS}
    if (wide["regex"] and any(narrow.values())) or (narrow["regex"] and any(wide.values())):
        return True
    if wide["exact"]:
        return bool(narrow["prefix"]) or narrow["exact"] != wide["exact"]
    if wide["prefix"] and (narrow["prefix"] or narrow["exact"]):
        return not (narrow["prefix"] or narrow["exact"]).startswith(wide["prefix"])
    return True
