"""Routes that say two things, or half of one: what Istio would refuse, or silently do otherwise."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from ..refusal import Complaint
from ..rules.http import TOKEN
from .expectations import complaints as expectation_complaints
from .route_actions import Redirect, Rewrite
from .route_policies import HeaderChanges
from .routes import DEFAULT_ROUTES, ENDS, Route, WeightedBackend, needs_backend
from .schema import known
from .text_match import TextMatch

GATEWAY_PATHS = frozenset({"exact", "path_prefix", "prefix", "regex"})
INGRESS_PATHS = frozenset({"exact", "path", "path_prefix", "prefix"})
_PATHS = ("exact", "path", "path_prefix", "prefix", "regex")
_INGRESS_FIELDS = INGRESS_PATHS | {"service", "port"}
_NAME = re.compile(rf"{TOKEN}|:(method|scheme|authority|path)|@request\.auth\.claims[.\[].+")
_CHANGED_NAME = re.compile(TOKEN)
# What only a request that is handed on to a Service can have.
_HANDED_ON = {
    "redirect": ("fault", "mirrors", "retries", "rewrite", "subset", "timeout"),
    "direct_response": ("fault", "mirrors", "retries", "rewrite", "subset", "timeout"),
    "delegate": ("subset",),
    "backends": ("subset",),
}


def complaints(args: Mapping[str, Any], path_fields: Set[str] = GATEWAY_PATHS) -> Iterator[Complaint]:
    """What is wrong with routes that say two things, or half of one, and with a backend or workload that is not used.

    Args:
        args: arguments with `routes`, `backend` and `workload`, already checked by type.
        path_fields: the kinds of path that can be served.
    """
    routes = args.get("routes", DEFAULT_ROUTES)
    yield from expectation_complaints(args)
    for index, route in enumerate(routes):
        for complaint in _route_complaints(route, path_fields):
            yield complaint.under(f"routes[{index}]")
    if "backend" in args and "workload" in args:
        yield Complaint("workload", args["workload"], "left out where a backend is given")
    for field in ("backend", "workload"):
        if field in args and not needs_backend(routes):
            yield Complaint(field, args[field], "left out, because every route names its own service")


def _route_complaints(route: Route, path_fields: Set[str]) -> Iterator[Complaint]:
    given = [field for field in _PATHS if field in route]
    for field in given[1:]:
        yield Complaint(field, _value(route, field), f"left out where {given[0]} is given")
    for field in given:
        if field not in path_fields:
            yield Complaint(field, _value(route, field), f"{' or '.join(sorted(path_fields - {'regex'}))} instead")
    if path_fields is INGRESS_PATHS:
        yield from _beyond_ingress(route)
    if ("service" in route) != ("port" in route):
        missing = "port" if "service" in route else "service"
        yield Complaint(missing, None, "given, because service and port need each other")
    yield from _match_complaints(route)
    yield from _end_complaints(route)
    for field in ("request_headers", "response_headers"):
        if field in route:
            yield from _header_complaints(field, _value(route, field))


def _value(args: Any, field: str) -> Any:
    return args[field]


def _beyond_ingress(route: Route) -> Iterator[Complaint]:
    for field in route:
        if field not in _INGRESS_FIELDS:
            yield Complaint(field, _value(route, field), "left out: a Kubernetes Ingress knows only paths and Services")


def _match_complaints(route: Route) -> Iterator[Complaint]:
    if "ignore_case" in route and not {"exact", "prefix"} & route.keys():
        yield Complaint("ignore_case", route["ignore_case"], "left out where neither exact nor prefix is given")
    for field in ("headers", "without_headers"):
        for name, match in _value(route, field).items() if field in route else ():
            if not _NAME.fullmatch(name):
                yield Complaint(field, name, "a mapping by names of headers, such as 'x-tier'")
            yield from _text_complaints(f"{field}.{name}", match, may_be_absent=field == "headers")
    for name, match in route.get("query", {}).items():
        yield from _text_complaints(f"query.{name}", match, may_be_absent=True)
    for field in ("authority", "scheme"):
        if field in route:
            yield from _text_complaints(field, _value(route, field), may_be_absent=False, may_be_present=False)


def _text_complaints(
    field: str, match: TextMatch, *, may_be_absent: bool, may_be_present: bool = True
) -> Iterator[Complaint]:
    kinds = ["exact", "prefix", "regex", *["present"] * may_be_present, *["absent"] * may_be_absent]
    if len(match) != 1 or not match.keys() <= set(kinds):
        yield Complaint(field, match, f"one of {', '.join(kinds)}, and nothing else")
    for flag in ("present", "absent"):
        if flag in match and _value(match, flag) is not True:
            yield Complaint(f"{field}.{flag}", _value(match, flag), "true, or left out")


def _end_complaints(route: Route) -> Iterator[Complaint]:
    ends = [field for field in ENDS if field in route]
    for field in ends[1:]:
        yield Complaint(field, _value(route, field), f"left out where {ends[0]} is given")
    for field in _HANDED_ON.get(ends[0], ()) if ends else ():
        if field in route:
            yield Complaint(field, _value(route, field), f"left out where {ends[0]} is given")
    yield from _backend_complaints(route.get("backends", ()))
    if "redirect" in route:
        yield from _redirect_complaints(route["redirect"])
    if "rewrite" in route:
        yield from _rewrite_complaints(route)
    yield from _policy_complaints(route)


def _backend_complaints(backends: Sequence[WeightedBackend]) -> Iterator[Complaint]:
    yield from weight_complaints(backends)
    for index, backend in enumerate(backends):
        for field in ("request_headers", "response_headers"):
            if field in backend:
                yield from _header_complaints(f"backends[{index}].{field}", _value(backend, field))


def weight_complaints(backends: Sequence[WeightedBackend]) -> Iterator[Complaint]:
    """What is wrong with how backends share what comes."""
    for index, backend in enumerate(backends):
        if len(backends) > 1 and "weight" not in backend:
            yield Complaint(f"backends[{index}].weight", None, "given where there are several backends")
    weights = [backend.get("weight", 1) for backend in backends]
    if weights and not any(weights):
        yield Complaint("backends", weights, "with a weight above 0 among them")


def _redirect_complaints(redirect: Redirect) -> Iterator[Complaint]:
    if not redirect.keys() - {"status"}:
        yield Complaint("redirect", redirect, "with a path, hostname, port, derive_port or scheme")
    if "port" in redirect and "derive_port" in redirect:
        yield Complaint("redirect.derive_port", redirect["derive_port"], "left out where port is given")


def _rewrite_complaints(route: Route) -> Iterator[Complaint]:
    rewrite: Rewrite = route["rewrite"]
    ways = [field for field in ("prefix", "path", "regex") if field in rewrite]
    if not rewrite:
        yield Complaint("rewrite", rewrite, "with a prefix, path, regex or hostname")
    for field in ways[1:]:
        yield Complaint(f"rewrite.{field}", _value(rewrite, field), f"left out where {ways[0]} is given")
    if "prefix" in rewrite and {"exact", "regex"} & route.keys():
        wanted = "path instead, because the route matches no prefix"
        yield Complaint("rewrite.prefix", rewrite["prefix"], wanted)
    if ("regex" in rewrite) != ("substitution" in rewrite):
        missing = "substitution" if "regex" in rewrite else "regex"
        yield Complaint(f"rewrite.{missing}", None, "given, because regex and substitution need each other")


def _policy_complaints(route: Route) -> Iterator[Complaint]:
    retries = route.get("retries", {})
    if retries.get("attempts") == 0 and len(retries) > 1:
        yield Complaint("retries.attempts", 0, "1 or more where more is said of retries")
    for index, origin in enumerate(route["cors"]["allow_origins"] if "cors" in route else ()):
        path = f"cors.allow_origins[{index}]"
        yield from _text_complaints(path, origin, may_be_absent=False, may_be_present=False)
    if "fault" in route:
        if not route["fault"]:
            yield Complaint("fault", route["fault"], "with a delay or an abort")
        abort = route["fault"].get("abort")
        if abort is not None and ("http_status" in abort) == ("grpc_status" in abort):
            yield Complaint("fault.abort", abort, "with http_status or grpc_status, and not both")


def _header_complaints(field: str, changes: HeaderChanges) -> Iterator[Complaint]:
    if not changes:
        yield Complaint(field, changes, "with set, add or remove")
    for way in ("set", "add"):
        for name in _value(changes, way) if way in changes else ():
            if not _CHANGED_NAME.fullmatch(name):
                yield Complaint(f"{field}.{way}", name, "a mapping by names of headers, such as 'x-tier'")
            if name.lower() == "host":
                yield Complaint(f"{field}.{way}", name, "other headers than the host, which is rewrite.hostname")
    for index, name in enumerate(changes.get("remove", ())):
        if known(name) and str(name).lower() == "host":
            yield Complaint(f"{field}.remove[{index}]", name, "another header: no request is without a host")
