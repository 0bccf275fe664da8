"""Rules about VirtualServices to which the routes of another one are delegated."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import (
    GATEWAY,
    GATEWAY_PODS,
    HTTP_SERVER,
    OTHER_VIRTUAL_SERVICE,
    SERVICE,
    VIRTUAL_SERVICE,
)
from istio_ingress.rules.delegation import delegate_key, lies_in, matches_of
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.matches import http_match
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import Node, known_of
from istio_ingress.rules.words import some, those_of

_SOURCE = "istio pilot/pkg/model/virtualservice_controller.go mergeVirtualServices"
_ROOT = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{match: [{uri: {prefix: /cart}}], delegate: {name: blog}}]
"""
_DELEGATE = """
  http: [{match: [{uri: {prefix: /cart/items}}], route: [{destination: {host: cart}}]}]
"""
_BOTH = f"{GATEWAY}\n{HTTP_SERVER}\n---\n{VIRTUAL_SERVICE}{_ROOT}---\n{OTHER_VIRTUAL_SERVICE}{_DELEGATE}"


@rule(
    VirtualService,
    "delegate-missing",
    Severity.ERROR,
    misses=True,
    needs=("delegate",),
    source=_SOURCE,
    example=Example.fixed(
        f"{_BOTH}---\n{SERVICE}\n---\n{GATEWAY_PODS}\n".replace("delegate: {name: blog}", "delegate: {name: cart}"),
        ("delegate: {name: cart}", "delegate: {name: blog}"),
        settings=Settings(complete=True),
    ),
)
def delegate_missing(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A route to a delegate that does not exist is dropped: its requests answer 404, or go to a later route."""
    for route in service.spec.nodes("http") if index.settings.complete else ():
        namespace, name = delegate_key(service, route)
        if name and index.virtual_services.find(namespace, name) is None:
            others = those_of(index.once(_delegates).get(namespace, ()))
            yield Problem(
                service,
                route.at("delegate"),
                f"There is no VirtualService {name!r} in {namespace!r}{others}.",
                "Name one that exists and has no hosts.",
            )


@rule(
    VirtualService,
    "delegate-with-hosts",
    Severity.ERROR,
    needs=("delegate",),
    source=f"{_SOURCE}; Istio reference: VirtualService, Delegate; istio/istio#52379, #33530",
    example=Example.fixed(
        _BOTH.replace(
            "name: blog, namespace: shop}\nspec:\n", "name: blog, namespace: shop}\nspec:\n  hosts: [cart]\n"
        ),
        ("  hosts: [cart]\n", ""),
    ),
)
def delegate_with_hosts(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A VirtualService with hosts of its own is no delegate: the route that delegates to it is dropped."""
    for route in service.spec.nodes("http"):
        namespace, name = delegate_key(service, route)
        delegate = index.virtual_services.find(namespace, name) if name else None
        if delegate and delegate.hosts:
            yield Problem(
                service,
                route.at("delegate"),
                f"{delegate} has the hosts {some(map(repr, delegate.hosts))}, so it is no delegate, and this route is "
                "dropped.",
                "Take its hosts and gateways away; it has those of this VirtualService.",
            )


@rule(
    VirtualService,
    "delegate-hidden",
    Severity.ERROR,
    needs=("delegate",),
    source=_SOURCE,
    example=Example.fixed(
        _BOTH.replace("name: blog, namespace: shop", "name: blog, namespace: blog").replace(
            "delegate: {name: blog}", "delegate: {name: blog, namespace: blog}"
        )
        + "  exportTo: ['.']\n",
        ("['.']", "[shop]"),
    ),
)
def delegate_hidden(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A delegate must be exported to the namespace of the one that delegates to it, or the route is dropped."""
    for route in service.spec.nodes("http") if service.namespace else ():
        namespace, name = delegate_key(service, route)
        delegate = index.virtual_services.find(namespace, name) if name else None
        if delegate and not delegate.hosts and not delegate.is_exported_to(service.namespace):
            yield Problem(
                service,
                route.at("delegate"),
                f"{delegate} is exported to {some(delegate.exports)}, not to {service.namespace!r}, so this route is "
                "dropped.",
                f"Add {service.namespace!r} to its exportTo, or take that away.",
            )


@rule(
    VirtualService,
    "delegate-outside-root",
    Severity.ERROR,
    needs=("delegate",),
    source="istio pilot/pkg/model/virtualservice.go mergeHTTPMatchRequests, hasConflict; istio/istio#52379",
    example=Example.fixed(_BOTH.replace("/cart/items", "/items"), ("/items", "/cart/items")),
)
def delegate_outside_root(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A match of a delegate must lie within one of the route that delegates to it, or Istio drops its route."""
    for route in service.spec.nodes("http"):
        namespace, name = delegate_key(service, route)
        delegate = index.virtual_services.find(namespace, name) if name else None
        if delegate is None or delegate.hosts:
            continue
        roots = matches_of(service, route)
        for inner in delegate.spec.nodes("http") if roots else ():
            for match in matches_of(delegate, inner):
                if not any(lies_in(match, root) for root in roots):
                    yield Problem(
                        delegate,
                        match.path,
                        f"The match ({_words(match)}) lies in none of {service} {route.path} "
                        f"({some(map(_words, roots))}), so Istio drops the route.",
                        "Narrow it, or widen the other; regular expressions never lie in another match.",
                    )


@rule(
    VirtualService,
    "delegate-unused",
    Severity.WARNING,
    misses=True,
    source=f"{_SOURCE}; Istio reference: VirtualService, Delegate",
    example=Example.fixed(
        f"{_BOTH}---\n{SERVICE}\n---\n{GATEWAY_PODS}\n".replace(
            "delegate: {name: blog}}", "route: [{destination: {host: cart}}]}"
        ),
        ("match: [{uri: {prefix: /cart}}], route: [{destination: {host: cart}}]", "delegate: {name: blog}"),
        settings=Settings(complete=True),
    ),
)
def delegate_unused(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A VirtualService without hosts answers nothing unless another one delegates to it."""
    if not index.settings.complete or service.hosts or service.spec.texts("gateways") or not service.spec.nodes("http"):
        return
    named = index.once(_delegated_to)
    if service.key not in named and all(index.virtual_services.find(*one) for one in named):  # else it may be meant
        yield Problem(
            service,
            "spec.hosts",
            "It has no hosts, and no VirtualService delegates a route to it.",
            "Name its hosts, or let a route of another one delegate to it.",
        )


def _delegated_to(index: Index) -> set[tuple[str, str]]:
    """The VirtualServices to which others delegate; every route must be known."""
    return {
        delegate_key(root, route)
        for root in index.every(VirtualService)
        for route in root.spec.nodes("http")
        if "delegate" in route
    }


def _words(match: Node) -> str:
    return str(http_match(match, frozenset(), whole=True))


def _delegates(index: Index) -> dict[str, list[str]]:
    """By namespace, the names of the VirtualServices that can be delegates, as they have no hosts."""
    found: dict[str, list[str]] = {}
    for service in index.virtual_services.items:
        hosts, key = known_of(service, "hosts"), known_of(service, "key")
        if hosts is not None and not hosts and key:
            found.setdefault(key[0], []).append(key[1])
    return found
