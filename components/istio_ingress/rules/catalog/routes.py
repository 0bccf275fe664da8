"""Rules about the routes of one VirtualService."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from istio_ingress.rules import hosts
from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.matches import Match
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.schema.durations import nanoseconds
from istio_ingress.rules.words import some

_VALIDATION = "istio pkg/config/validation/validation.go"
_CART = "route: [{destination: {host: cart}}]"
_SITE = "route: [{destination: {host: site}}]"
_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n"


@rule(
    VirtualService,
    "route-unreachable",
    Severity.ERROR,
    source=f"{_VALIDATION} analyzeUnreachableHTTPRules (IST0130 VirtualServiceUnreachableRule)",
    example=Example(
        f"{_HEAD}  http:\n  - match: [{{uri: {{prefix: /}}}}]\n    {_SITE}\n"
        f"  - match: [{{uri: {{prefix: /cart}}}}]\n    {_CART}\n",
        f"{_HEAD}  http:\n  - match: [{{uri: {{prefix: /cart}}}}]\n    {_CART}\n"
        f"  - match: [{{uri: {{prefix: /}}}}]\n    {_SITE}\n",
    ),
)
def route_unreachable(service: VirtualService, _: Index) -> Iterator[Problem]:
    """Routes are tried in order, so a route whose every match an earlier route takes never answers."""
    for kind, found in service.shadowed.items():
        routes = service.matches[kind]
        dead: dict[int, list[tuple[int, Match]]] = {}
        for route, _position, earlier, match in found:
            dead.setdefault(route, []).append((earlier, match))
        for route, by in dead.items():
            if len(by) == len(routes[route]):
                wanted = some(dict.fromkeys(map(str, routes[route])))
                yield Problem(
                    service,
                    f"spec.{kind}[{route}]",
                    f"This route ({wanted}) never answers: {_earlier(kind, by)} first.",
                    "Put the narrower match first, or take this route away.",
                )


@rule(
    VirtualService,
    "match-unreachable",
    Severity.WARNING,
    source=f"{_VALIDATION} analyzeUnreachableHTTPRules (IST0131 VirtualServiceIneffectiveMatch)",
    example=Example.fixed(
        f"{_HEAD}  http:\n  - match: [{{uri: {{prefix: /shop}}}}]\n    {_SITE}\n"
        f"  - match: [{{uri: {{prefix: /shop/cart}}}}, {{uri: {{prefix: /cart}}}}]\n    {_CART}\n",
        ("{uri: {prefix: /shop/cart}}, ", ""),
    ),
)
def match_unreachable(service: VirtualService, _: Index) -> Iterator[Problem]:
    """One of several matches of a route that an earlier route takes: the route answers less than it says."""
    for kind, found in service.shadowed.items():
        routes = service.matches[kind]
        dead = Counter(route for route, *_rest in found)
        for route, position, earlier, match in found:
            if dead[route] < len(routes[route]):
                yield Problem(
                    service,
                    f"spec.{kind}[{route}].match[{position}]",
                    f"This match ({routes[route][position]}) is dead: {_earlier(kind, [(earlier, match)])} first.",
                    "Put the narrower match first, or take this one away.",
                )


@rule(
    VirtualService,
    "retry-after-timeout",
    Severity.WARNING,
    source="envoy config.route.v3.RetryPolicy per_try_timeout (one above the route's timeout is not used)",
    example=Example.fixed(
        f"{_HEAD}  http:\n  - timeout: 2s\n    retries: {{attempts: 3, perTryTimeout: 5s}}\n    {_CART}\n",
        ("timeout: 2s", "timeout: 20s"),
    ),
)
def retry_after_timeout(service: VirtualService, _: Index) -> Iterator[Problem]:
    """`timeout` is for all tries together: a try that may take longer is never given up for another one."""
    for route in service.spec.nodes("http"):
        if "retries" not in route:
            continue
        retries = route.node("retries")
        whole, each = nanoseconds(route.text("timeout")) or 0, nanoseconds(retries.text("perTryTimeout")) or 0
        if each > whole > 0:
            yield Problem(
                service,
                retries.at("perTryTimeout"),
                f"A try may take {retries.text('perTryTimeout')}, and all of them together {route.text('timeout')}.",
                "Let the timeout be longer than a try.",
            )


@rule(
    VirtualService,
    "tls-route-without-sni",
    Severity.ERROR,
    needs=("tls",),
    source=f"{_VALIDATION} validateTLSRoute, validateTLSMatch",
    example=Example.fixed(
        f"{_HEAD}  tls:\n  - match: [{{port: 443}}]\n    {_CART}\n",
        ("{port: 443}", "{port: 443, sniHosts: [shop.example]}"),
    ),
)
def tls_route_without_sni(service: VirtualService, _: Index) -> Iterator[Problem]:
    """Istio refuses a `tls` route without sniHosts: before the handshake the SNI is all that tells hosts apart."""
    for route in service.spec.nodes("tls"):
        matches = route.nodes("match")
        for match in matches or [route]:
            if not matches or not match.texts("sniHosts"):
                path = match.at("sniHosts") if matches else route.at("match")
                remedy = f"Name sniHosts among the hosts: {some(service.hosts)}." if service.hosts else "Name sniHosts."
                yield Problem(service, path, "This tls route names no sniHosts.", remedy)


@rule(
    VirtualService,
    "tls-route-outside-hosts",
    Severity.ERROR,
    needs=("tls",),
    source=f"{_VALIDATION} validateSniHost",
    example=Example.fixed(
        f"{_HEAD}  tls:\n  - match: [{{port: 443, sniHosts: [cart.example]}}]\n    {_CART}\n",
        ("[cart.example]", "[shop.example]"),
    ),
)
def tls_route_outside_hosts(service: VirtualService, _: Index) -> Iterator[Problem]:
    """Istio refuses sniHosts that are not among the VirtualService's hosts, or under one of its wildcards."""
    known = set(service.hosts)
    for route in service.spec.nodes("tls"):
        for match in route.nodes("match"):
            for position, sni in enumerate(match.texts("sniHosts")):
                if not hosts.is_within(sni.lower(), known):
                    yield Problem(
                        service,
                        f"{match.at('sniHosts')}[{position}]",
                        f"The SNI host {sni!r} is none of the hosts {some(map(repr, service.hosts), 5) or '(none)'}.",
                        "Add it to hosts, or take it away.",
                    )


def _earlier(kind: str, by: list[tuple[int, Match]]) -> str:
    takers = dict.fromkeys(f"{kind}[{route}] ({match})" for route, match in by)
    return f"{some(takers)} {'takes it' if len(takers) == 1 else 'take them'}"
