"""Who answers behind a host: the routes' own Services, a Service that is given, or a workload of our own."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

from .arguments import Complaint
from .istio import Backend, Route

GATEWAY_PATHS = frozenset({"exact", "prefix"})
INGRESS_PATHS = GATEWAY_PATHS | {"path"}
DEFAULT_ROUTES: Sequence[Route] = ({"prefix": "/status"}, {"prefix": "/delay"})


def complaints(args: Mapping[str, Any], path_fields: Set[str] = GATEWAY_PATHS) -> Iterator[Complaint]:
    """What is wrong with routes that say two things, or half of one, and with a backend or workload that is not used.

    Args:
        args: arguments with `routes`, `backend` and `workload`, already checked by type.
        path_fields: the kinds of path that can be served.
    """
    routes = args.get("routes", DEFAULT_ROUTES)
    for index, route in enumerate(routes):
        for complaint in _route_complaints(route, path_fields):
            yield complaint.under(f"routes[{index}]")
    if "backend" in args and "workload" in args:
        yield Complaint("workload", args["workload"], "left out where a backend is given")
    for field in ("backend", "workload"):
        if field in args and not needs_backend(routes):
            yield Complaint(field, args[field], "left out, because every route names its own service")


def _route_complaints(route: Route, path_fields: Set[str]) -> Iterator[Complaint]:
    given = sorted(INGRESS_PATHS & route.keys())
    for field in given[1:]:
        yield Complaint(field, route[field], f"left out where {given[0]} is given")  # type: ignore[literal-required]
    for field in set(given) - path_fields:
        yield Complaint(field, route[field], f"{' or '.join(sorted(path_fields))} instead")  # type: ignore[literal-required]
    if ("service" in route) != ("port" in route):
        missing = "port" if "service" in route else "service"
        yield Complaint(missing, None, "given, because service and port need each other")


def needs_backend(routes: Sequence[Route]) -> bool:
    """Whether some route leaves open who answers."""
    return any("service" not in route for route in routes)


def answering(args: Mapping[str, Any], deploy: Callable[[], Backend]) -> Backend | None:
    """The Service for routes that name none: the given one, or what `deploy` makes; None where it is not needed."""
    if "backend" in args:
        given: Backend = args["backend"]
        return given
    return deploy() if needs_backend(args.get("routes", DEFAULT_ROUTES)) else None
