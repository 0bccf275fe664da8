"""Matches of a delegate beside those of the route that delegates to it, as Istio merges them.

pilot/pkg/model/virtualservice.go: mergeHTTPMatchRequests, hasConflict, stringMatchConflict.
"""

from __future__ import annotations

from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node

_TEXTS = ("uri", "scheme", "method", "authority")
_MAPS = ("headers", "withoutHeaders", "queryParams")
_KINDS = ("exact", "prefix", "regex")


def delegate_key(service: VirtualService, route: Node) -> tuple[str, str]:
    """Namespace and name of the VirtualService that a route delegates to; no name where it does not."""
    named = route.node("delegate")
    return named.text("namespace") or service.namespace, named.text("name")


def matches_of(service: VirtualService, route: Node) -> list[Node]:
    """The matches of a route; the Gateways that they name are written `namespace/name`."""
    return [
        Node({**match.value, "gateways": [service.gateway_name(name) for name in match.texts("gateways")]}, match.path)
        for match in route.nodes("match")
    ]


def merged(root: list[Node], inner: list[Node]) -> list[Node] | None:
    """Both together; None where a match of the delegate lies in none of the root's, so that its route is left out."""
    if not root or not inner:
        return inner or root
    found: list[Node] = []
    for match in inner:
        fitting = [_joined(outer, match) for outer in root if lies_in(match, outer)]
        if not fitting:
            return None
        found += fitting
    return found


def lies_in(inner: Node, outer: Node) -> bool:
    """Whether Istio joins a match of a delegate with one of the root's."""
    pairs = [(outer, inner, field) for field in _TEXTS]
    pairs += [(outer.node(field), inner.node(field), key) for field in _MAPS for key in inner.node(field).value]
    if any(_excludes(one, other, key) for one, other, key in pairs):
        return False
    ports = outer.number("port"), inner.number("port")
    namespaces = outer.text("sourceNamespace"), inner.text("sourceNamespace")
    labels = outer.labels("sourceLabels")
    gateways = outer.texts("gateways"), inner.texts("gateways")
    return (
        outer.flag("ignoreUriCase") == inner.flag("ignoreUriCase")
        and (not all(ports) or ports[0] == ports[1])
        and namespaces[0] in ("", namespaces[1])
        and all(labels.get(key, value) == value for key, value in inner.labels("sourceLabels").items())
        and (not all(gateways) or (len(gateways[0]) >= len(gateways[1]) and set(gateways[1]) <= set(gateways[0])))
    )


def _joined(outer: Node, inner: Node) -> Node:
    fields = {**outer.value, **{key: value for key, value in inner.value.items() if value is not None}}
    for field in (*_MAPS, "sourceLabels"):
        fields[field] = {**outer.node(field).value, **inner.node(field).value}
    fields["gateways"] = inner.texts("gateways") or outer.texts("gateways")
    fields["port"] = inner.number("port") or outer.number("port")
    fields["ignoreUriCase"] = inner.flag("ignoreUriCase")
    return Node(fields, inner.path)


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
