"""Rules about matches that hold for none of the requests that a gateway gives to a VirtualService."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from istio_ingress.rules.catalog.examples import GATEWAY, GATEWAY_PODS, HTTP_SERVER, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import covers_host, is_short
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Gateway
from istio_ingress.rules.routing import MESH, ROUTE_KINDS, VirtualService
from istio_ingress.rules.words import labels, some

_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example, blog.example]\n  gateways: [shop]\n  http:\n"
_CART = "route: [{destination: {host: cart}}]"
_SITE = "route: [{destination: {host: site}}]"
_ALL = f"{GATEWAY}\n{HTTP_SERVER.replace('[shop.example]', '[shop.example, blog.example]')}\n---\n{GATEWAY_PODS}\n---\n"
#: Ports that a Host header may carry, for expressions that do not speak of any.
_PORTS = ("", ":80", ":443", ":8080")


@rule(
    VirtualService,
    "match-other-host",
    Severity.WARNING,
    source="istio pilot/pkg/networking/core/gateway.go buildGatewayHTTPRouteConfig (one virtual host for each host)",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{authority: {{exact: shop.test}}}}]\n    {_CART}\n  - {_SITE}\n",
        ("exact: shop.test", "exact: shop.example"),
    ),
)
def match_other_host(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A request has come to one of the hosts before its match is tried: an authority that is none of them has none."""
    for route in service.spec.nodes("http"):
        for match in route.nodes("match"):
            if "authority" not in match and "headers" not in match:
                continue
            for authority in (match.node("authority"), match.node("headers").node(":authority")):
                if not authority.value or MESH in (match.texts("gateways") or service.gateways):
                    continue  # pods of the mesh may write a Service's name in many ways
                hosts = _served(service, index)
                for kind in ("exact", "prefix", "regex"):
                    text = authority.text(kind)
                    if text and hosts and not any(_may_be(host, kind, text) for host in hosts):
                        yield Problem(
                            service,
                            authority.at(kind),
                            f"The authority {kind} {text!r} takes no request: the hosts are {some(hosts, 5)}.",
                            "Add the host to hosts, or take the match away.",
                        )


@rule(
    VirtualService,
    "match-source-of-gateway",
    Severity.WARNING,
    source="istio pilot/pkg/networking/core/route/route.go sourceMatchHTTP (the labels of the proxy itself)",
    example=Example.fixed(
        f"{_ALL}{_HEAD}  - match: [{{sourceLabels: {{app: site}}}}]\n    {_CART}\n  - {_SITE}\n",
        ("sourceLabels: {app: site}", "sourceLabels: {istio: ingressgateway}"),
    ),
)
def match_source_of_gateway(service: VirtualService, index: Index) -> Iterator[Problem]:
    """On a gateway `sourceLabels` and `sourceNamespace` mean the gateway's own pods, whoever sends the request."""
    gateways = index.gateways_of(service)
    if not service.hosts or MESH in service.gateways or len(gateways) < len(service.gateways):
        return
    for kind in ROUTE_KINDS:
        for route in service.spec.nodes(kind):
            for match in route.nodes("match"):
                if match.texts("gateways"):
                    continue  # then Istio looks no further
                source, namespace = match.labels("sourceLabels"), match.text("sourceNamespace")
                if source and not any(_may_have(gateway, source, index) for gateway in gateways):
                    yield _of_others(service, match.at("sourceLabels"), labels(source), gateways)
                elif namespace and not any(_may_run_in(gateway, namespace, index) for gateway in gateways):
                    yield _of_others(service, match.at("sourceNamespace"), repr(namespace), gateways)


def _served(service: VirtualService, index: Index) -> list[str]:
    """The hosts to which a VirtualService's requests come on its gateways, as far as that can be told."""
    named = [name for name in service.gateways if name != MESH]
    if len(index.gateways_of(service)) < len(named):
        return service.hosts
    return sorted({binding.host for binding in index.bindings(service)}) or service.hosts


def _may_be(host: str, kind: str, text: str) -> bool:
    """Whether an authority, which may carry a port, can be of a host and meet a condition."""
    if host == "*" or is_short(host) or "[" in text:
        return True
    if kind == "exact":
        return covers_host(host, re.sub(r":\d+$", "", text.lower()).removesuffix("."))
    if host.startswith("*"):
        return True
    if kind == "prefix":
        return f"{host}:".startswith(text.lower()) or text.lower().startswith(f"{host}:")
    if ":" in text:
        return True
    with suppress(re.error, RecursionError):
        return any(re.fullmatch(text, host + port) for port in _PORTS)
    return True


def _may_have(gateway: Gateway, source: dict[str, str], index: Index) -> bool:
    """Whether a Gateway's pods may have labels: those of others that are here are not taken for theirs."""
    pods = index.listeners.workloads(gateway)
    if pods:
        return any(source.items() <= one.labels.items() for one in pods)
    if any(gateway.selector.get(name, value) != value for name, value in source.items()):
        return False
    return not gateway.selector or not index.listeners.selected(frozenset(source.items()))


def _may_run_in(gateway: Gateway, namespace: str, index: Index) -> bool:
    namespaces = index.gateway_namespaces(gateway)
    return not namespaces or namespace in namespaces


def _of_others(service: VirtualService, path: str, what: str, gateways: list[Gateway]) -> Problem:
    return Problem(
        service,
        path,
        f"On a gateway {what} is asked of its own pods, not of who sends the request, and those of {some(gateways)} "
        "are others: it never holds.",
        "Bind it to mesh for senders inside, or match what the request carries.",
    )
