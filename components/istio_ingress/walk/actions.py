"""What a route does with a request that it takes: redirect, answer, or lead to backends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from istio_ingress.rules.patterns import replaced
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.walk import headers, paths
from istio_ingress.walk.answer import BACKEND, GATEWAY, Answer
from istio_ingress.walk.cors import Cors
from istio_ingress.walk.request import Request
from istio_ingress.walk.tables import Route

#: Where a destination leads, with the route for its short names: the backend's part of an answer, or a 503.
Lead = Callable[[Route, Node], Answer]
#: The fields of a route that inject faults: one makes answers slow, one takes their place.
DELAY, _ABORT = "fault.delay", "fault.abort"
_REDIRECTS = (301, 302, 303, 307, 308)


def answers(route: Route, request: Request, lead: Lead) -> Iterator[Answer]:
    """Everything that may come, each with its share: what a fault ends, and what becomes of the rest."""
    aborted = _aborted(route.node)
    if aborted:
        yield aborted
    rest = 1 - (aborted.share if aborted else 0)
    if rest > 0:
        for answer in _without_faults(route, request, lead):
            yield answer.of_share(rest)


def injected(node: Node) -> Iterator[tuple[str, str]]:
    """The fields of faults that a route injects, each with what it does to requests."""
    for field, does in ((DELAY, "delays"), (_ABORT, "ends")):
        fault = node.node("fault").node(field.rpartition(".")[2])
        share = _share(fault)
        if share:
            whom = "it" if share == 1 else f"{share:.4g} of such requests"
            yield field, f"{does} {whom}" + (f" by {fault.text('fixedDelay')}" if field == DELAY else "")


def https_redirect(request: Request) -> Answer:
    """The answer of a virtual host that redirects everything to HTTPS; the Host keeps its port."""
    return Answer(GATEWAY, 301, location=f"https://{request.authority}{request.path}")


def _without_faults(route: Route, request: Request, lead: Lead) -> Iterator[Answer]:
    node = route.node
    if "redirect" in node:
        shown = headers.response([node])
        yield Answer(GATEWAY, _code(node), location=_location(route, request), response_headers=shown)
    elif "directResponse" in node:
        status = node.node("directResponse").number("status")
        yield Answer(GATEWAY, status, response_headers=headers.response([node]))
    else:
        yield from _across_origins(route, request, lead)


def _across_origins(route: Route, request: Request, lead: Lead) -> Iterator[Answer]:
    """Envoy has its CORS filter act only where a route leads to backends."""
    cors = Cors.of(route.node)
    if cors and cors.answers(request):
        yield Answer(GATEWAY, 200, response_headers=cors.preflight_headers(request))
        return
    added = cors.headers(request) if cors else {}
    for answer in _routed(route, request, lead):
        yield replace(answer, response_headers={**added, **answer.response_headers})


def _aborted(node: Node) -> Answer | None:
    """The answer of a fault that is injected."""
    abort = node.node("fault").node("abort")
    share = _share(abort)
    if not share:
        return None
    status = 200 if "grpcStatus" in abort else abort.number("httpStatus")
    return Answer(GATEWAY, status, share=share)


def _share(fault: Node) -> float:
    """Of how many requests a fault is injected into, from 0 to 1; one without a percentage never is."""
    value = fault.node("percentage").value.get("value", 0)
    return float(value) / 100 if isinstance(value, int | float) else 0.0


def _code(node: Node) -> int:
    code = node.node("redirect").number("redirectCode") or 301
    if code not in _REDIRECTS:
        raise NotKnownError(f"{node.at('redirect')}: the gateway knows no redirect with {code}")
    return code


def _location(route: Route, request: Request) -> str:
    redirect = route.node.node("redirect")
    scheme = redirect.text("scheme") or request.scheme
    port = _redirect_port(route, redirect)
    host = redirect.text("authority") or _own_host(request, scheme, port)
    path = request.path
    if redirect.text("prefixRewrite"):
        path = _prefix_replaced(route, path, redirect.text("prefixRewrite"))
    elif redirect.text("uri"):
        uri = redirect.text("uri")
        query = path.partition("?")[1:]
        path = uri if "?" in uri else uri + "".join(query)
    return f"{scheme}://{host}{port}{path}"


def _redirect_port(route: Route, redirect: Node) -> str:
    port = redirect.number("port")
    if redirect.text("derivePort") == "FROM_REQUEST_PORT":
        port = route.place.port
    scheme = redirect.text("scheme") or ("https" if route.secure else "http")
    return f":{port}" if port and (scheme, port) not in (("http", 80), ("https", 443)) else ""


def _own_host(request: Request, scheme: str, port: str) -> str:
    """The Host; its port goes where another is told, and where it was the old scheme's own."""
    name = request.authority
    found = re.search(r":[^\]:]*$", name)
    if not found:
        return name
    standard = {"http": ":80", "https": ":443"}[request.scheme]
    goes = bool(port) or (scheme != request.scheme and found[0] == standard)
    return name[: found.start()] if goes else name


def _routed(route: Route, request: Request, lead: Lead) -> Iterator[Answer]:
    targets = route.node.nodes("route")
    if len(targets) > 1:
        targets = [target for target in targets if target.number("weight")]
    if not targets:
        raise NotKnownError(f"{route.node.at('route')} leads nowhere, which Istio refuses")
    total = sum(target.number("weight") for target in targets)
    alone = len(route.node.nodes("route")) == 1
    for target in targets:
        share = 1.0 if alone else target.number("weight") / total
        found = replace(lead(route, target.node("destination")), share=share)
        # Envoy applies a weighted target's own changes first, and the route's to what they leave.
        order = [[route.node, target]] if alone else [[target], [route.node]]
        found = replace(found, response_headers=headers.responses(order))
        if found.by == BACKEND:
            found = replace(
                found,
                path=_path(route, request.path),
                host=_host(route.node, target) or request.authority,
                request_headers=headers.requests(order, request),
            )
        yield found


def _path(route: Route, path: str) -> str:
    rewrite = route.node.node("rewrite")
    if "uriRegexRewrite" in rewrite:
        expression = rewrite.node("uriRegexRewrite")
        name, mark, query = path.partition("?")
        return replaced(expression.text("match"), expression.text("rewrite"), name) + mark + query
    return _prefix_replaced(route, path, rewrite.text("uri")) if rewrite.text("uri") else path


def _prefix_replaced(route: Route, path: str, by: str) -> str:
    """The path with the matched prefix replaced; all of it where the match is no prefix."""
    match = route.match.path
    matched = len(match.value) if match.kind == "prefix" else len(paths.without_query(path))
    return by + path[matched:]


def _host(route: Node, target: Node) -> str:
    asked = route.node("rewrite").text("authority")
    return asked or headers.authority(route) or headers.authority(target)
