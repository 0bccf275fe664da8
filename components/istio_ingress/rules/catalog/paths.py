"""Rules about paths, their rewrites, and the preflights of browsers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.matches import Condition, Match
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import Node, known_of

_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n  http:\n"
_CART = "route: [{destination: {host: cart}}]"
_METHOD = "method"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}
#: Ends of a prefix that may be the beginning of more, such as `/.well-known`.
_UNENDED = ("/.", "/..")
#: What other programs, or a regular expression, put a group in for.
_DOLLAR = re.compile(r"\$(\d)")
_GROUP = re.compile(r"[\\$]\d")
_OF_THE_REQUEST = ("header ", "no header ")
#: Headers that a preflight has as well, or that a proxy before the gateway adds.
_OF_EVERY_REQUEST = (
    "header :",
    "header host",
    "header origin",
    "header user-agent",
    "header x-forwarded-",
    "header x-real-",
)


@rule(
    VirtualService,
    "path-with-star",
    Severity.WARNING,
    needs=("uri",),
    source="Istio reference: StringMatch; istio/istio#7018",
    example=Example.fixed(f"{_HEAD}  - match: [{{uri: {{prefix: /api/*}}}}]\n    {_CART}\n", ("/api/*", "/api/")),
)
def path_with_star(service: VirtualService, _: Index) -> Iterator[Problem]:
    """`prefix` and `exact` compare text: a star at the end stands for itself, and no path without one is taken."""
    for route in service.spec.nodes("http"):
        for match in route.nodes("match"):
            uri = match.node("uri")
            for kind in ("prefix", "exact"):
                path = uri.text(kind)
                if path.endswith("*"):
                    bare = path.removesuffix("*").removesuffix(".") or "/"
                    yield Problem(
                        service,
                        uri.at(kind),
                        f"The {kind} {path!r} is text: only a path with a star there meets it.",
                        f"Write prefix: {bare}.",
                    )


@rule(
    VirtualService,
    "match-impossible",
    Severity.WARNING,
    needs=("uri", "method", "scheme"),
    source="envoy config.core.v3 normalize_path, path_with_escaped_slashes_action; RFC 9110, RFC 3986",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{prefix: api}}}}]\n    {_CART}\n", ("prefix: api", "prefix: /api")
    ),
)
def match_impossible(service: VirtualService, _: Index) -> Iterator[Problem]:
    """A match for what no request is like: a path begins with a slash and ends before its query, a method is GET."""
    for route in service.spec.nodes("http"):
        for match in route.nodes("match"):
            uri, method = match.node("uri"), match.node("method").text("exact")
            for kind, why in (("exact", _no_path), ("prefix", _no_path), ("regex", _no_path_of)):
                text = uri.text(kind)
                wrong, remedy = (why(text) if text else None) or ("", "")
                if wrong and not (kind == "prefix" and text.endswith(_UNENDED)):
                    message = f"The {kind} {text!r} takes no request: {wrong}."
                    yield Problem(service, uri.at(kind), message, remedy)
            if method != method.upper() and method.upper() in _METHODS:
                message = f"The method {method!r} takes no request: methods are written in upper case."
                yield Problem(service, match.node("method").at("exact"), message, f"Write {method.upper()}.")
            scheme = match.node("scheme").text("exact")
            if scheme and scheme not in _SCHEMES:
                message = f"The scheme {scheme!r} takes no request: those of requests are http and https."
                yield Problem(service, match.node("scheme").at("exact"), message, "Write http or https.")


@rule(
    VirtualService,
    "redirect-loop",
    Severity.WARNING,
    needs=("redirect",),
    source="Istio reference: HTTPRedirect",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{prefix: /cart}}}}]\n    redirect: {{uri: /cart/items}}\n",
        ("{prefix: /cart}", "{exact: /cart}"),
    ),
)
def redirect_loop(service: VirtualService, index: Index) -> Iterator[Problem]:
    """A redirect to where the same route takes the request again: clients give up after some rounds.

    `scheme: https` on a server that ends TLS is one, unless the match is for another port; `authority` is one where
    it is a host of the VirtualService.
    """
    earlier: list[Match] = []
    for node, matches in zip(service.spec.nodes("http"), service.matches["http"], strict=True):
        redirect = node.node("redirect")
        for position, match in enumerate(matches):
            again = _redirected(redirect, match, service)
            if (
                again
                and _stays(redirect, match, service, index)
                and not any(_takes(one, again) for one in earlier)
                and not any(_takes(replace(one, gateways=again.gateways), again) for one in _beside(service, index))
            ):
                yield Problem(
                    service,
                    f"{node.path}.match[{position}]" if node.nodes("match") else node.at("redirect"),
                    f"The redirect leads to what the same match ({match}) takes again.",
                    "Match the old path exactly, or the port of the server that is to redirect.",
                )
        earlier += matches


@rule(
    VirtualService,
    "rewrite-slashes",
    Severity.WARNING,
    needs=("rewrite",),
    source="envoy config.route.v3.RouteAction prefix_rewrite; istio/istio#26828, #8076",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{prefix: /cart}}}}]\n    rewrite: {{uri: /}}\n    {_CART}\n",
        ("{prefix: /cart}", "{prefix: /cart/}"),
    ),
)
def rewrite_slashes(service: VirtualService, _: Index) -> Iterator[Problem]:
    """A rewrite replaces the prefix as it stands: with one slash too many comes `//`, with one too few none."""
    if not any("rewrite" in route for route in service.spec.nodes("http")):
        return
    earlier: list[Match] = []
    for route, matches in zip(service.spec.nodes("http"), service.matches["http"], strict=True):
        text = route.node("rewrite").text("uri")
        for node, match in zip(route.nodes("match") or [Node({}, route.path)], matches, strict=True):
            uri = node.node("uri")
            prefix = uri.text("prefix") if "uri" in node else "/"  # as Envoy has it where there is no path
            if text and prefix and text.endswith("/") != prefix.endswith("/"):
                below = replace(match, conditions={**match.conditions, "uri": ("prefix", prefix + "/")})
                if prefix.endswith("/") or not any(one.leaves_nothing_for(below) for one in earlier):
                    rest = "x" if prefix.endswith("/") else "/x"
                    yield Problem(
                        service,
                        uri.at("prefix") if "uri" in node else route.node("rewrite").at("uri"),
                        f"The prefix {prefix!r} is rewritten to {text!r}: {prefix + rest!r} becomes {text + rest!r}.",
                        "Let both end with a slash, or none; a match for the bare path can stand beside it.",
                    )
            earlier.append(match)


@rule(
    VirtualService,
    "rewrite-group",
    Severity.WARNING,
    source="Istio reference: HTTPRewrite, RegexRewrite; envoy RegexMatchAndSubstitute; istio/istio#22290",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{regex: '/cart/(.*)'}}}}]\n    rewrite: {{uri: '/$1'}}\n    {_CART}\n",
        ("{uri: '/$1'}", "{uriRegexRewrite: {match: '/cart/(.*)', rewrite: '/\\1'}}"),
    ),
)
def rewrite_group(service: VirtualService, _: Index) -> Iterator[Problem]:
    r"""Only `uriRegexRewrite` puts in what a group has matched, and it writes that as `\1`; `$1` is text everywhere."""
    for route in service.spec.nodes("http"):
        for part in ("rewrite", "redirect"):
            text = route.node(part).text("uri") if part in route else ""
            if found := _GROUP.search(text):
                message = f"'{found[0]}' is text: nothing of the match is put into '{text}'."
                remedy = "Use uriRegexRewrite." if part == "rewrite" else "Redirect to a path, or with prefixRewrite."
                yield Problem(service, route.node(part).at("uri"), message, remedy)
        if "rewrite" in route:
            for message, remedy in _wrong_groups(route.node("rewrite").node("uriRegexRewrite")):
                yield Problem(service, f"{route.path}.rewrite.uriRegexRewrite.rewrite", message, remedy)


@rule(
    VirtualService,
    "cors-preflight-unmatched",
    Severity.WARNING,
    needs=("corsPolicy",),
    source="fetch.spec.whatwg.org CORS-preflight request; istio/istio#47236, #15351",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{prefix: /v1}}, method: {{exact: POST}}}}]\n"
        f"    corsPolicy: {{allowOrigins: [{{exact: 'https://shop.example'}}], allowMethods: [POST]}}\n    {_CART}\n",
        (", method: {exact: POST}", ""),
    ),
)
def cors_preflight_unmatched(service: VirtualService, _: Index) -> Iterator[Problem]:
    """A browser asks first, with OPTIONS and without headers of the page; a match for those does not answer that."""
    routes = service.matches["http"]
    everyone = [match for matches in routes for match in matches]
    for node, matches in zip(service.spec.nodes("http"), routes, strict=True):
        if "corsPolicy" not in node:
            continue
        for position, match in enumerate(matches):
            asked = _preflight(match)
            if asked and not any(other.leaves_nothing_for(asked) for other in everyone):
                yield Problem(
                    service,
                    f"{node.path}.match[{position}]",
                    f"The route has a corsPolicy, and its match ({match}) does not take the preflight, which is "
                    "OPTIONS without headers of the page.",
                    "Add a match for the method OPTIONS with the same path, or leave the method and headers out.",
                )


@rule(
    VirtualService,
    "cors-policy-unused",
    Severity.WARNING,
    needs=("corsPolicy",),
    source="envoy config.route.v3.RouteAction cors: a policy of requests that go on to a cluster",
    example=Example.fixed(
        f"{_HEAD}  - redirect: {{authority: cart.example}}\n    corsPolicy: {{allowOrigins: [{{exact: 'https://shop.example'}}]}}\n",
        ("redirect: {authority: cart.example}", _CART),
    ),
)
def cors_policy_unused(service: VirtualService, _: Index) -> Iterator[Problem]:
    """Envoy acts on a `corsPolicy` only where a route leads to backends; its own answers have no such headers."""
    for route in service.spec.nodes("http"):
        action = next((one for one in ("redirect", "directResponse") if one in route), "")
        if action and "corsPolicy" in route:
            yield Problem(
                service,
                route.at("corsPolicy"),
                f"The {action} of this route answers every request, preflights too, without the headers of CORS.",
                "Set the headers of the response, or let a backend answer.",
            )


def _no_path(text: str) -> tuple[str, str] | None:
    """Why no path is, or begins with, this text, and what to write."""
    if text and not text.startswith(("/", "*")):
        return "a path begins with a slash", f"Write {'/' + text!r}."
    if "?" in text or "#" in text:
        return "the path ends before its query", "Match the query with queryParams."
    if re.search(r"\s", text):
        return "a path has no space", f"Write {re.sub(chr(32), '%20', text)!r}."
    if re.search(r"/\.\.?(/|$)", text):
        return "the gateway resolves dots before it matches", "Write the path that is left."
    return None


def _no_path_of(pattern: str) -> tuple[str, str] | None:
    """The same of a regular expression, which is for the whole path."""
    if re.match(r"\w(?![?*{])", pattern) and "|" not in pattern:
        return "a path begins with a slash", f"Write {'/' + pattern!r}."
    return None


def _wrong_groups(rewrite: Node) -> Iterator[tuple[str, str]]:
    """What is wrong with the groups that a replacement puts in, and what to write."""
    text = rewrite.text("rewrite")
    if found := _DOLLAR.search(text):
        as_group = _DOLLAR.sub(r"\\\1", text)
        yield f"'{found[0]}' is text: a group is written with a backslash.", f"Write '{as_group}'."
    groups = _groups(rewrite.text("match"))
    wanted = max(map(int, re.findall(r"\\(\d)", text.replace("\\\\", ""))), default=0)
    if groups is not None and wanted > groups:
        message = f"There is no group {wanted} in {rewrite.text('match')!r}, so the path stays as it was."
        yield message, "Put what is kept into parentheses."


def _groups(pattern: str) -> int | None:
    """How many groups an expression has; None where it is none to Python."""
    try:
        return re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError):
        return None


def _redirected(redirect: Node, match: Match, service: VirtualService) -> Match | None:
    """The requests that a redirect makes of those that a match takes; None where they are told by more, or go away."""
    told = match.conditions.keys() - {"uri", "port"}
    if not redirect.value or told or any(key in redirect for key in ("prefixRewrite", "derivePort")):
        return None
    if not redirect.text("uri"):
        return match
    path = re.split("[?#]", redirect.text("uri"))[0]
    if not path.startswith("/") or ("uri" not in match.conditions and not service.hosts):
        return None  # a delegate takes only what the VirtualService with the hosts lets it
    exact: Condition = ("exact", path)
    again = replace(match, conditions={**match.conditions, "uri": exact})
    return again if match.leaves_nothing_for(again) else None


def _stays(redirect: Node, match: Match, service: VirtualService, index: Index) -> bool:
    """Whether a redirect leads to a server on which the match holds too."""
    scheme, port, authority = redirect.text("scheme"), redirect.number("port"), redirect.text("authority").lower()
    if not scheme and not port and not authority:
        return True
    if authority and authority not in service.hosts:
        return False
    for binding in index.bindings(service):
        server = binding.server
        number, own = server.port.number("number"), "https" if server.terminates else "http"
        wanted = port or (_PORTS[own] if authority else number)  # an authority without a port is at the usual one
        if (
            match.is_for("/".join(server.gateway.key), number)
            and scheme in ("", own)
            and wanted == number
            and authority in ("", binding.host)
            and not (server.is_http and server.redirects)
        ):
            return True
    return False


def _takes(earlier: Match, again: Match) -> bool:
    """Whether an earlier match takes what a redirect leads to; of a single path it may take some requests only."""
    return earlier.leaves_nothing_for(again) or (again.path[0] == "exact" and earlier.shares_requests_with(again))


def _beside(service: VirtualService, index: Index) -> Iterator[Match]:
    """The matches of other VirtualServices with a host of this one, which Istio may put first."""
    for host in service.hosts:
        for other in index.once(_by_host).get(host, ()):
            if other is not service:
                yield from (match for matches in other.matches["http"] for match in matches)


def _by_host(index: Index) -> dict[str, list[VirtualService]]:
    """The VirtualServices of each host that is known."""
    found: dict[str, list[VirtualService]] = {}
    for service in index.virtual_services.items:
        for host in known_of(service, "hosts") or ():
            found.setdefault(host, []).append(service)
    return found


def _preflight(match: Match) -> Match | None:
    """What a match takes, asked for by a browser's preflight; None where the match takes that itself."""
    options: Condition = ("exact", "OPTIONS")
    kept = {
        field: one
        for field, one in match.conditions.items()
        if field != _METHOD and not field.startswith(_OF_THE_REQUEST)
    }
    asked = replace(match, conditions={**kept, _METHOD: options})
    method = match.conditions.get(_METHOD)
    by_method = method is not None and not replace(match, conditions={_METHOD: method}).shares_requests_with(asked)
    by_header = any(
        field.startswith("header ") and not field.startswith(_OF_EVERY_REQUEST) for field in match.conditions
    )
    return asked if by_method or by_header else None
