"""Rules about hosts that are written as URLs, and origins that are not written as browsers send them."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node

_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n  http:\n"
_CART = "route: [{destination: {host: cart}}]"
_SCHEME = "://"
_STAR = "*"


@rule(
    VirtualService,
    "authority-with-scheme",
    Severity.ERROR,
    needs=("redirect", "rewrite"),
    source="Istio reference: HTTPRedirect, HTTPRewrite; envoy config.route.v3.RedirectAction host_redirect",
    example=Example.fixed(
        f"{_HEAD}  - redirect: {{authority: 'https://www.shop.example'}}\n",
        ("{authority: 'https://www.shop.example'}", "{scheme: https, authority: www.shop.example}"),
    ),
)
def authority_with_scheme(service: VirtualService, _: Index) -> Iterator[Problem]:
    """An authority is a host, perhaps with a port: with a scheme as well, a redirect leads to `https://https://…`."""
    for route in service.spec.nodes("http"):
        for key in ("redirect", "rewrite"):
            written = route.node(key).text("authority")
            scheme, found, host = written.partition(_SCHEME)
            if found:
                remedy = f"Write {host}, and scheme: {scheme}." if key == "redirect" else f"Write {host}."
                yield Problem(service, route.node(key).at("authority"), f"{written!r} is a URL, and no host.", remedy)


@rule(
    VirtualService,
    "cors-origin-impossible",
    Severity.WARNING,
    needs=("corsPolicy",),
    source="Istio reference: CorsPolicy; Fetch standard: Origin header",
    example=Example.fixed(
        f"{_HEAD}  - corsPolicy: {{allowOrigins: [{{exact: 'https://shop.example/'}}]}}\n    {_CART}\n",
        ("shop.example/'", "shop.example'"),
    ),
)
def cors_origin_impossible(service: VirtualService, _: Index) -> Iterator[Problem]:
    """An origin that no browser sends: it is a scheme and a host, without a path, and a star in it is a star."""
    for route in service.spec.nodes("http"):
        policy = route.node("corsPolicy")
        for path, text, is_whole in _origins(policy):
            why, remedy = _no_origin(text, is_whole=is_whole)
            if why:
                yield Problem(service, path, f"No browser sends an origin like {text!r}: {why}.", remedy)


def _origins(policy: Node) -> Iterator[tuple[str, str, bool]]:
    """The origins that are text, each with its path, and whether it is the whole origin."""
    for origin in policy.nodes("allowOrigins"):
        for kind in ("exact", "prefix"):
            if origin.text(kind):
                yield origin.at(kind), origin.text(kind), kind == "exact"
    for position, text in enumerate(policy.texts("allowOrigin")):
        yield f"{policy.at('allowOrigin')}[{position}]", text, True


def _no_origin(text: str, *, is_whole: bool) -> tuple[str, str]:
    scheme, has_scheme, host = text.partition(_SCHEME)
    if text in (_STAR, "null"):
        return "", ""  # any, and what sandboxed pages have
    if _STAR in text:
        return "a star is one here", r"Write a regex, such as https://.*\.shop\.example."
    if is_whole and not has_scheme:
        return "it has no scheme", f"Write https://{text}."
    if is_whole and "/" in host:
        return "it has no path", f"Write {scheme}{_SCHEME}{host.partition('/')[0]}."
    return "", ""
