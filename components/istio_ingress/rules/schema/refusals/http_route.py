"""HTTP routes: what they match, the one thing that they do, and what they do besides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus

from istio_ingress.rules.http import CORS_METHODS, GRPC_CODES, RETRY_CONDITIONS
from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.durations import SECOND
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals.destinations import authorities, destination, destinations, headers
from istio_ingress.rules.words import quoted, some

_PSEUDO_HEADERS = {":method", ":scheme", ":authority", ":path", ":status"}
#: Go's net/http, whose status codes Istio asks for, has all of Python's but these.
_STATUS_CODES = {int(status) for status in HTTPStatus}
_ACTIONS = ("route", "redirect", "directResponse")
_BESIDE_AN_ANSWER = ("fault", "rewrite")
_MEGABYTE = 1024 * 1024
_LEAST_PERCENTAGE = 0.0001


def refusals(route: Fields, *, is_delegate: bool) -> Iterator[Refusal]:
    """What Istio's validateHTTPRoute refuses."""
    yield from _actions(route, is_delegate)
    for match in route.parts("match"):
        yield from _match(match)
    targets = route.parts("route")
    yield from destinations(targets)
    for target in targets:
        if "headers" in target.value:
            yield from headers(target.part("headers"))
    there = route.value.keys()
    if not there.isdisjoint(_HEADERS):
        yield from headers(route.part("headers"))
        yield from authorities(route.part("rewrite"), route.part("headers"))
    for name in there & _SETTINGS.keys():
        part = route.part(name)
        if part is not None:
            yield from _SETTINGS[name](part)
    if "timeout" in there:
        yield from common.duration(route, "timeout")
    if not there.isdisjoint(_MIRRORS):
        yield from _mirrors(route)
    if "redirect" in there:
        yield from _prefix_rewrite(route)


def _actions(route: Fields, is_delegate: bool) -> Iterator[Refusal]:
    actions = [key for key in _ACTIONS if (route.size(key) if key == "route" else key in route) != 0 and key in route]
    if "delegate" in route and not is_delegate:
        for key in ("redirect", "route"):
            if key in route and (key == "redirect" or route.size(key)):
                message = f"{key} stands beside delegate, which leaves the request to another VirtualService."
                yield Refusal("route-action", route.at(key), message, "Keep one of them.")
        return
    if "delegate" in route:
        message = "This VirtualService is a delegate itself: it has no hosts."
        yield Refusal("delegate-invalid", route.at("delegate"), message, "Route to a Service, or name hosts.")
    if not actions:
        message = "This route does nothing: there is no route, redirect or directResponse."
        yield Refusal("route-action", route.path, message, "Add one of them.")
    elif len(actions) > 1:
        message = f"{' and '.join(actions)} stand beside each other, and a route does one thing."
        yield Refusal("route-action", route.at(actions[1]), message, "Keep one of them.")
    if {"redirect", "directResponse"} & set(actions):
        for key in _BESIDE_AN_ANSWER:
            if key in route:
                message = f"{key} is for requests that go on, and {actions[-1]} answers them here."
                yield Refusal("route-action", route.at(key), message, "Keep one of them.")
    if "mirror" in route and route.size("mirrors"):
        message = "There are both mirror and mirrors."
        yield Refusal("route-action", route.at("mirrors"), message, "Keep mirrors.")


def _match(match: Fields) -> Iterator[Refusal]:
    for key in match.value.keys() & _OF_A_MATCH.keys():
        yield from _OF_A_MATCH[key](match, key)


def _headers(match: Fields, key: str) -> Iterator[Refusal]:
    for name, value, path in match.items(key):
        if not (name in _PSEUDO_HEADERS or common.HEADER_NAME.fullmatch(name) or common.is_claim(name)):
            yield Refusal("match-invalid", path, f"{quoted(name)} is no name of a header.", "Write it in lower case.")
        if isinstance(value, dict) and not (key == "withoutHeaders" and value.get("regex") == "*"):
            yield from _text(Fields(value, path))


def _query(match: Fields, key: str) -> Iterator[Refusal]:
    for _, value, path in match.items(key):
        if isinstance(value, dict):
            yield from _text(Fields(value, path))


def _one_text(match: Fields, key: str) -> Iterator[Refusal]:
    part = match.part(key)
    if part is not None:
        yield from _text(part, empty=key == "uri")


def _source_namespace(match: Fields, key: str) -> Iterator[Refusal]:
    namespace = match.text(key)
    if namespace and not common.is_label(namespace):
        message = f"{quoted(namespace)} is no name of a namespace."
        yield Refusal("match-invalid", match.at(key), message, "Name one.")


def _text(match: Fields, *, empty: bool = False) -> Iterator[Refusal]:
    for key in ("prefix", "regex"):
        if key in match and match.text(key) == "" and not (key == "prefix" and empty):
            message = f"An empty {key} matches nothing that can be told."
            yield Refusal("match-invalid", match.at(key), message, "Fill it in, or take the match away.")
    if "regex" in match:
        yield from common.regex(match.text("regex"), match.at("regex"))


def _redirect(redirect: Fields) -> Iterator[Refusal]:
    if redirect.text("uri") and redirect.text("prefixRewrite"):
        message = "There are both uri and prefixRewrite."
        yield Refusal("redirect-invalid", redirect.at("prefixRewrite"), message, "Keep one of them.")
    where = redirect.any_of("uri", "prefixRewrite", "authority", "scheme")
    if not where and "port" not in redirect and "derivePort" not in redirect:
        message = "The redirect leads where the request came from."
        yield Refusal("redirect-invalid", redirect.path, message, "Give it a uri, an authority, a scheme or a port.")
    code, scheme = redirect.number("redirectCode"), redirect.text("scheme")
    if code and not 300 <= code <= 399:
        yield Refusal("redirect-invalid", redirect.at("redirectCode"), f"The code is {code:g}.", "Use 301 or 302.")
    if scheme and scheme not in ("http", "https"):
        yield Refusal("redirect-invalid", redirect.at("scheme"), f"The scheme is {scheme!r}.", "Use http or https.")
    yield from common.optional_port(redirect.number("port"), redirect.at("port"), "redirect-invalid")


def _prefix_rewrite(route: Fields) -> Iterator[Refusal]:
    redirect = route.part("redirect")
    if redirect is None or not redirect.text("prefixRewrite"):
        return
    for match in route.parts("match"):
        uri = match.part("uri")
        if uri is not None and "prefix" not in uri:
            message = "A redirect with prefixRewrite needs a prefix to rewrite, and this match has none."
            yield Refusal("redirect-invalid", uri.path, message, "Match a prefix, or use uri in the redirect.")


def _direct_response(response: Fields) -> Iterator[Refusal]:
    yield from _status(response.number("status"), response.at("status"), "direct-response-invalid")
    body = response.part("body")
    if body and len(body.text("string") or "") > _MEGABYTE:
        message = "The body has more than 1 MiB."
        yield Refusal("direct-response-invalid", body.path, message, "Serve it from a Service.")


def _status(status: float | None, path: str, rule: str) -> Iterator[Refusal]:
    if status is not None and not 200 <= status <= 600:
        yield Refusal(rule, path, f"The status is {status:g}.", "Use one from 200 to 599.")


def _retries(retries: Fields) -> Iterator[Refusal]:
    attempts = retries.number("attempts")
    if attempts is not None and attempts < 0:
        message = f"The number of attempts is {attempts:g}."
        yield Refusal("retries-invalid", retries.at("attempts"), message, "Use 0 for none.")
    rest = [key for key in ("perTryTimeout", "retryOn", "retryRemoteLocalities") if key in retries]
    if retries.text("retryOn") == "" and "retryOn" in rest:
        rest.remove("retryOn")
    if attempts == 0 and rest:
        message = f"There are no attempts, and {some(rest)}."
        yield Refusal("retries-invalid", retries.at("attempts"), message, "Say how many attempts there are.")
    for condition in (retries.text("retryOn") or "").split(",") if retries.text("retryOn") else ():
        is_status = re.fullmatch(r"[-+]?\d+", condition) is not None and int(condition) in _STATUS_CODES
        if not is_status and condition not in RETRY_CONDITIONS:
            message = f"{quoted(condition)} is nothing to retry on."
            remedy = "Use statuses or conditions such as 5xx,reset, without spaces."
            yield Refusal("retries-invalid", retries.at("retryOn"), message, remedy)
    yield from common.duration(retries, "perTryTimeout")
    yield from common.duration(retries, "backoff")


def _rewrite(rewrite: Fields) -> Iterator[Refusal]:
    given = rewrite.any_of("uri", "authority") + (["uriRegexRewrite"] if "uriRegexRewrite" in rewrite else [])
    if not given:
        yield Refusal("rewrite-invalid", rewrite.path, "Nothing is rewritten.", "Give it a uri or an authority.")
    if {"uri", "uriRegexRewrite"} <= set(given):
        message = "There are both uri and uriRegexRewrite."
        yield Refusal("rewrite-invalid", rewrite.at("uriRegexRewrite"), message, "Keep one of them.")
    expression = rewrite.part("uriRegexRewrite")
    if expression is not None:
        for key in ("match", "rewrite"):
            if expression.text(key) == "":
                yield Refusal("rewrite-invalid", expression.at(key), f"There is no {key}.", "Give both.")
        yield from common.regex(expression.text("match"), expression.at("match"))


def _cors(policy: Fields) -> Iterator[Refusal]:
    for origin in policy.parts("allowOrigins"):
        values = [value for value in origin.value.values() if value is not None]
        if not any(values):
            message = "This origin is empty."
            yield Refusal("cors-invalid", origin.path, message, "Write it as exact: https://shop.example.")
        yield from common.regex(origin.text("regex"), origin.at("regex"))
    for method, path in policy.texts("allowMethods"):
        if method not in CORS_METHODS:
            yield Refusal("cors-invalid", path, f"{quoted(method)} is no method.", "Use GET, POST and so on, or '*'.")
    for key in ("allowHeaders", "exposeHeaders"):
        for name, path in policy.texts(key):
            if not common.HEADER_NAME.fullmatch(name):
                yield Refusal("cors-invalid", path, f"{quoted(name)} is no name of a header.", "Name one, or '*'.")
    yield from common.duration(policy, "maxAge", whole=SECOND)


def _fault(fault: Fields) -> Iterator[Refusal]:
    if "abort" not in fault and "delay" not in fault:
        yield Refusal("fault-invalid", fault.path, "There is neither abort nor delay.", "Add one of them.")
    abort, delay = fault.part("abort"), fault.part("delay")
    for part in filter(None, (abort, delay)):
        percentage = part.part("percentage")
        value = percentage.number("value") if percentage else None
        if percentage and value is not None and not (value == 0 or _LEAST_PERCENTAGE <= value <= 100):
            yield Refusal("fault-invalid", percentage.path, f"The percentage is {value:g}.", "Use 0.0001 to 100.")
    if abort is not None:
        code = abort.text("grpcStatus")
        if "grpcStatus" in abort and code is not None and code not in GRPC_CODES:
            message = f"There is no gRPC status {code!r}."
            yield Refusal("fault-invalid", abort.at("grpcStatus"), message, "Use one such as NOT_FOUND.")
        if "http2Error" in abort:
            yield Refusal("fault-invalid", abort.at("http2Error"), "Istio has no such fault yet.", "Use httpStatus.")
        if "httpStatus" in abort:
            yield from _status(abort.number("httpStatus"), abort.at("httpStatus"), "fault-invalid")
    if delay is not None:
        yield from common.duration(delay, "fixedDelay")
        if "exponentialDelay" in delay:
            path = delay.at("exponentialDelay")
            yield Refusal("fault-invalid", path, "Istio has no such delay yet.", "Use fixedDelay.")


def _mirrors(route: Fields) -> Iterator[Refusal]:
    yield from destination(route.part("mirror"))
    for key in ("mirrorPercent", "mirror_percent"):
        yield from _percentage(route.number(key), route.at(key))
    percentage = route.part("mirrorPercentage")
    if percentage:
        yield from _percentage(percentage.number("value"), percentage.at("value"))
    for mirror in route.parts("mirrors"):
        yield from destination(mirror.part("destination"))
        percentage = mirror.part("percentage")
        if percentage:
            yield from _percentage(percentage.number("value"), percentage.at("value"))


def _percentage(value: float | None, path: str) -> Iterator[Refusal]:
    if value is not None and not 0 <= value <= 100:
        yield Refusal("mirror-invalid", path, f"The percentage is {value:g}.", "Use 0 to 100.")


_HEADERS = ("headers", "rewrite")
_MIRRORS = ("mirror", "mirrors", "mirrorPercent", "mirror_percent", "mirrorPercentage")
_OF_A_MATCH: dict[str, Callable[[Fields, str], Iterable[Refusal]]] = {
    **dict.fromkeys(("headers", "withoutHeaders"), _headers),
    **dict.fromkeys(("uri", "scheme", "method", "authority"), _one_text),
    "queryParams": _query,
    "port": lambda match, key: common.optional_port(match.number(key), match.at(key), "match-invalid"),
    "sourceLabels": lambda match, key: common.labels(match, key, "match-invalid"),
    "gateways": lambda match, _: common.gateway_names(match),
    "sourceNamespace": _source_namespace,
}
_SETTINGS = {
    "redirect": _redirect,
    "directResponse": _direct_response,
    "retries": _retries,
    "rewrite": _rewrite,
    "corsPolicy": _cors,
    "fault": _fault,
}
