"""Routes: which requests of a host go where, and who answers behind those that do not say."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi

from .expectations import Expectation
from .route_actions import Delegate, DirectResponse, Mirror, Redirect, Rewrite
from .route_policies import Cors, Fault, HeaderChanges, Retries
from .text_match import TextMatch


class Backend(TypedDict):
    """A Service that answers."""

    service: pulumi.Input[str]
    """Its name, alone in the same namespace or `name.namespace.svc.cluster.local`."""

    port: pulumi.Input[int]
    """Its port's number."""


class WeightedBackend(TypedDict):
    """One of several Services that share a route's requests."""

    service: pulumi.Input[str]
    """Its name, alone in the same namespace or `name.namespace.svc.cluster.local`."""

    port: pulumi.Input[int]
    """Its port's number."""

    subset: NotRequired[pulumi.Input[str]]
    """A subset that a DestinationRule of the Service names. Default: all its pods."""

    weight: NotRequired[pulumi.Input[int]]
    """Its share, in proportion to the sum of all. Needed where there are several."""

    request_headers: NotRequired[HeaderChanges]
    """What becomes of the headers of requests to it."""

    response_headers: NotRequired[HeaderChanges]
    """What becomes of the headers of its answers."""


class Route(TypedDict):
    """Which requests, all where nothing is said, and what becomes of them. The first match wins."""

    prefix: NotRequired[pulumi.Input[str]]
    """Every path that begins with this text: `/status` matches `/status/418` and, where a Gateway lets it in,
    `/statusline` too (a Kubernetes Ingress goes by whole segments)."""

    path_prefix: NotRequired[pulumi.Input[str]]
    """This path and all below it, by whole segments as Gateway API's `PathPrefix` goes: `/status` matches `/status` and
    `/status/418`, and not `/statusline`."""

    exact: NotRequired[pulumi.Input[str]]
    """This path and no other."""

    path: NotRequired[pulumi.Input[str]]
    """Only with a Kubernetes Ingress: the implementation-specific path, which Istio takes as exact, or where it ends in
    `/*` or `.*` as a prefix by whole segments."""

    regex: NotRequired[pulumi.Input[str]]
    """Every path that this expression (RE2) matches from its first letter to its last, the query apart."""

    ignore_case: NotRequired[pulumi.Input[bool]]
    """Whether `prefix` and `exact` match in upper and lower case alike. Default: false."""

    methods: NotRequired[Sequence[pulumi.Input[str]]]
    """Only requests of one of these methods, such as `GET`."""

    headers: NotRequired[Mapping[str, TextMatch]]
    """Only requests with these headers, by name; all of them must match."""

    without_headers: NotRequired[Mapping[str, TextMatch]]
    """Only requests with none of these headers: `{"x-tier": {"exact": "gold"}}` matches every other tier."""

    query: NotRequired[Mapping[str, TextMatch]]
    """Only requests with these query parameters, by name; all of them must match."""

    authority: NotRequired[TextMatch]
    """Only requests for this host (`Host`, `:authority`), where the component serves several."""

    scheme: NotRequired[TextMatch]
    """Only requests of this scheme, `http` or `https`."""

    server_port: NotRequired[pulumi.Input[int]]
    """Only requests to this port of the gateway's Service, or inside the mesh of the Service asked."""

    gateways: NotRequired[Sequence[pulumi.Input[str]]]
    """Only requests through these of the Gateways that the routes hold for, `namespace/name` or a name, or `mesh`."""

    source_labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Inside the mesh: only requests of pods with these labels."""

    source_namespace: NotRequired[pulumi.Input[str]]
    """Inside the mesh: only requests of pods in this namespace."""

    service: NotRequired[pulumi.Input[str]]
    """The Service's name. Default: the backend that the component was given, or deploys."""

    port: NotRequired[pulumi.Input[int]]
    """The Service's port. Needed with `service`, and only there."""

    subset: NotRequired[pulumi.Input[str]]
    """A subset that a DestinationRule of the Service names. Default: all its pods."""

    backends: NotRequired[Sequence[WeightedBackend]]
    """Several Services that share the requests by weight, instead of `service`."""

    redirect: NotRequired[Redirect]
    """Sends the client elsewhere, instead of a Service."""

    direct_response: NotRequired[DirectResponse]
    """Answers at once, instead of a Service."""

    delegate: NotRequired[Delegate]
    """Another VirtualService whose routes stand in here, instead of a Service."""

    rewrite: NotRequired[Rewrite]
    """What the Service sees of the address instead of what the client asked."""

    mirrors: NotRequired[Sequence[Mirror]]
    """Services that get a copy of the requests."""

    timeout: NotRequired[pulumi.Input[str]]
    """How long the whole answer may take, all retries included, such as `5s`; then it is 504. Default: no limit."""

    retries: NotRequired[Retries]
    """When a request is sent again. Default: Istio's, 2 times after what no server can have begun to answer."""

    request_headers: NotRequired[HeaderChanges]
    """What becomes of the headers of a request."""

    response_headers: NotRequired[HeaderChanges]
    """What becomes of the headers of an answer."""

    cors: NotRequired[Cors]
    """Which pages of other origins may use the answers. Default: what the Service says."""

    fault: NotRequired[Fault]
    """Faults made on purpose. Refused where the environment is marked production."""

    name: NotRequired[str]
    """What the route is called in access logs, a DNS label. Default: nothing."""

    expect: NotRequired[Sequence[Expectation]]
    """Requests that this route must take, and what must come of them. Default: none."""


DEFAULT_ROUTES: Sequence[Route] = ({"prefix": "/status"}, {"prefix": "/delay"})
EVERYTHING: Sequence[Route] = ({"prefix": "/"},)
# What ends a route instead of the backend that the component was given.
ENDS = ("service", "backends", "redirect", "direct_response", "delegate")


def needs_backend(routes: Sequence[Route]) -> bool:
    """Whether some route leaves open who answers."""
    return any(route.keys().isdisjoint(ENDS) for route in routes)


def destination(route: Route, backend: Backend | None) -> tuple[pulumi.Input[str], pulumi.Input[int]]:
    """The Service and port that a route leads to: its own, or the backend's.

    Raises:
        ValueError: it has none, and there is no backend.
    """
    if "service" in route:
        return route["service"], route["port"]
    if backend is None:
        raise ValueError("a route without a Service needs a backend")
    return backend["service"], backend["port"]
