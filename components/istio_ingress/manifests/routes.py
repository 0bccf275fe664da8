"""The rules of a VirtualService: what Istio calls the parts of a route."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import groupby, islice
from typing import Any

import pulumi

from ..arguments import routes
from ..arguments.inputs import computed
from ..arguments.route_actions import DirectResponse, Mirror, Redirect, Rewrite
from ..arguments.route_policies import Cors, Fault, Retries
from ..arguments.routes import Backend, Route, WeightedBackend
from ..arguments.text_match import TextMatch
from .objects import Manifest

_MATCHES = {
    "ignore_case": "ignoreUriCase",
    "gateways": "gateways",
    "server_port": "port",
    "source_labels": "sourceLabels",
    "source_namespace": "sourceNamespace",
}
_REDIRECT = {
    "path": "uri",
    "hostname": "authority",
    "port": "port",
    "derive_port": "derivePort",
    "scheme": "scheme",
    "status": "redirectCode",
}
_RETRIES = {
    "attempts": "attempts",
    "per_try_timeout": "perTryTimeout",
    "backoff": "backoff",
    "retry_remote_localities": "retryRemoteLocalities",
    "retry_ignore_previous_hosts": "retryIgnorePreviousHosts",
}
_CORS = {
    "allow_methods": "allowMethods",
    "allow_headers": "allowHeaders",
    "expose_headers": "exposeHeaders",
    "max_age": "maxAge",
    "allow_credentials": "allowCredentials",
    "unmatched_preflights": "unmatchedPreflights",
}
_HEADERS = {"request_headers": "request", "response_headers": "response"}


def http_rules(told: Sequence[Route], backend: Backend | None) -> list[Manifest]:
    """The `http` of a VirtualService: neighbouring routes that do the same become one rule.

    Args:
        told: the routes.
        backend: who answers where a route names no Service.
    """
    pairs = [(list(_matches(route)), _action(route, backend)) for route in told]
    return [
        {"match": [match for matches, _ in group for match in matches], **action}
        for action, group in groupby(pairs, lambda pair: pair[1])
    ]


def match_paths(told: Sequence[Mapping[str, Any]], rules: Sequence[Manifest]) -> Iterator[list[str]]:
    """Where the matches of each route stand in the rules that were made of them: `http[0].match[1]`."""
    places = (
        f"http[{index}].match[{position}]" for index, rule in enumerate(rules) for position in range(len(rule["match"]))
    )
    for route in told:
        yield list(islice(places, len(route.get("methods", (None,)))))


def destination(
    service: pulumi.Input[str], port: pulumi.Input[int], subset: pulumi.Input[str] | None = None
) -> Manifest:
    """Where requests or connections go."""
    made: Manifest = {"host": service, "port": {"number": port}}
    return made if subset is None else made | {"subset": subset}


def weighted(backends: Sequence[WeightedBackend]) -> list[Manifest]:
    """The `route` of a rule: Services that share its requests or connections."""
    return [
        {"destination": destination(one["service"], one["port"], one.get("subset"))}
        | _renamed(one, {"weight": "weight"})
        | _header_changes(one)
        for one in backends
    ]


def _matches(route: Route) -> Iterator[Manifest]:
    """What a route matches: one match for each of its methods."""
    match: Manifest = {"uri": _path(route), **_renamed(route, _MATCHES)}
    for field in ("authority", "scheme"):
        if field in route:
            match[field] = _text(route[field])
    headers = {_header(name): text for name, text in route.get("headers", {}).items()}
    without = {_header(name): _text(text) for name, text in route.get("without_headers", {}).items()}
    without |= {name: {} for name, text in headers.items() if "absent" in text}
    parameters = route.get("query", {})
    missing = [name for name, text in parameters.items() if "absent" in text]
    if missing:  # Istio knows no such condition, but the path that Envoy compares as a header has the query
        without[":path"] = {"regex": rf"[^?]*\?(.*&)?({'|'.join(map(re.escape, missing))})([=&].*)?"}
    compared = {
        "headers": _present(headers),
        "withoutHeaders": without,
        "queryParams": _present(parameters),
    }
    match |= {field: texts for field, texts in compared.items() if texts}
    for method in route.get("methods", (None,)):
        yield match if method is None else {**match, "method": {"exact": method}}


def _path(route: Route) -> Manifest:
    for field in ("exact", "regex"):
        if field in route:
            return {field: route[field]}
    if route.get("path_prefix", "/") != "/":
        return {"regex": computed(lambda path: f"{_segments(path)}(/.*)?", route["path_prefix"])}
    return {"prefix": route.get("prefix", "/")}


def _segments(path: str) -> str:
    """The expression for a path, whether or not it is written with a slash at its end."""
    return re.escape(path.rstrip("/"))


def _header(name: str) -> str:
    """A header's name as Istio wants it; what names a claim of a token is none."""
    return name if name.startswith("@") else name.lower()


def _present(texts: Mapping[str, TextMatch]) -> Manifest:
    return {name: _text(text) for name, text in texts.items() if "absent" not in text}


def _text(text: TextMatch) -> Manifest:
    """A StringMatch; one of any text is empty."""
    return {kind: value for kind, value in text.items() if kind != "present"}


def _action(route: Route, backend: Backend | None) -> Manifest:
    """A rule without its match."""
    action = _end(route, backend) | _renamed(route, {"name": "name", "timeout": "timeout"}) | _header_changes(route)
    if "rewrite" in route:
        action["rewrite"] = _rewrite(route["rewrite"], route)
    if "mirrors" in route:
        action["mirrors"] = [_mirror(one) for one in route["mirrors"]]
    if "retries" in route:
        action["retries"] = _retries(route["retries"])
    if "cors" in route:
        action["corsPolicy"] = _cors(route["cors"])
    if "fault" in route:
        action["fault"] = _fault(route["fault"])
    return action


def _end(route: Route, backend: Backend | None) -> Manifest:
    if "redirect" in route:
        return {"redirect": _redirect(route["redirect"])}
    if "direct_response" in route:
        return {"directResponse": _direct_response(route["direct_response"])}
    if "delegate" in route:
        return {"delegate": dict(route["delegate"])}
    if "backends" in route:
        return {"route": weighted(route["backends"])}
    service, port = routes.destination(route, backend)
    return {"route": [{"destination": destination(service, port, route.get("subset"))}]}


def _redirect(redirect: Redirect) -> Manifest:
    return {"redirectCode": 301} | _renamed(redirect, _REDIRECT)


def _direct_response(response: DirectResponse) -> Manifest:
    body = {"body": {"string": response["body"]}} if "body" in response else {}
    return {"status": response["status"], **body}


def _rewrite(rewrite: Rewrite, route: Route) -> Manifest:
    """A rewrite. Istio's `uri` replaces what a route matches: where that is a prefix, the prefix alone."""
    made: Manifest = _renamed(rewrite, {"prefix": "uri", "hostname": "authority"})
    by_prefix = "prefix" in _path(route)
    if "prefix" in rewrite and not by_prefix:
        made["uriRegexRewrite"] = {
            "match": computed(_replaced, route["path_prefix"], made.pop("uri")),
            "rewrite": _literal(rewrite["prefix"]),
        }
    elif "path" in rewrite and not by_prefix:
        made["uri"] = rewrite["path"]
    elif "path" in rewrite:
        made["uriRegexRewrite"] = {"match": "^.+$", "rewrite": _literal(rewrite["path"])}
    elif "regex" in rewrite:
        made["uriRegexRewrite"] = {"match": rewrite["regex"], "rewrite": rewrite["substitution"]}
    return made


def _replaced(path: str, by: str) -> str:
    """The expression for what a path takes up: with the slash behind it where the new text ends with one."""
    return f"^{_segments(path)}{'/?' if by.endswith('/') else ''}"


def _literal(text: pulumi.Input[str]) -> pulumi.Input[str]:
    """A text as a substitution in which nothing stands for a group."""
    return computed(lambda known: known.replace("\\", "\\\\"), text)


def _mirror(mirror: Mirror) -> Manifest:
    made: Manifest = {"destination": destination(mirror["service"], mirror["port"], mirror.get("subset"))}
    return made | ({"percentage": {"value": mirror["percent"]}} if "percent" in mirror else {})


def _retries(retries: Retries) -> Manifest:
    made = _renamed(retries, _RETRIES)
    if "retry_on" in retries:
        made["retryOn"] = computed(lambda *words: ",".join(words), *retries["retry_on"])
    return made


def _cors(cors: Cors) -> Manifest:
    return {"allowOrigins": [_text(origin) for origin in cors["allow_origins"]], **_renamed(cors, _CORS)}


def _fault(fault: Fault) -> Manifest:
    made: Manifest = {}
    if "delay" in fault:
        made["delay"] = _share(fault["delay"]) | {"fixedDelay": fault["delay"]["fixed_delay"]}
    if "abort" in fault:
        statuses = {"http_status": "httpStatus", "grpc_status": "grpcStatus"}
        made["abort"] = _share(fault["abort"]) | _renamed(fault["abort"], statuses)
    return made


def _share(told: Mapping[str, Any]) -> Manifest:
    """The percentage of a fault, which Istio makes in no request where it is not written."""
    return {"percentage": {"value": told.get("percent", 100)}}


def _header_changes(told: Mapping[str, Any]) -> Manifest:
    changes = {name: dict(told[field]) for field, name in _HEADERS.items() if field in told}
    return {"headers": changes} if changes else {}


def _renamed(told: Mapping[str, Any], names: Mapping[str, str]) -> Manifest:
    """The fields that are told, under Istio's names."""
    plain = {names[field]: told[field] for field in names if field in told}
    return {name: value.value if isinstance(value, Enum) else value for name, value in plain.items()}
