"""Gateways, VirtualServices and what stands in them: the only module that knows Istio's field names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from .hosts import fit
from .objects import Manifest, metadata


class IngressGateway(TypedDict):
    """The Envoy pods that somebody installed. The defaults fit `istioctl install` with its default profile."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the pods run, and so where credentials must stand. Default: `istio-system`."""

    selector: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of the pods. Default: `istio: ingressgateway`."""

    http_port: NotRequired[pulumi.Input[int]]
    """Port of its Service for plain HTTP. Default: 80."""

    https_port: NotRequired[pulumi.Input[int]]
    """Port of its Service for TLS. Default: 443."""


@dataclass(frozen=True)
class Target:
    """An `IngressGateway` with its defaults filled in."""

    namespace: pulumi.Input[str] = "istio-system"
    selector: Mapping[str, pulumi.Input[str]] = field(default_factory=lambda: {"istio": "ingressgateway"})
    http_port: pulumi.Input[int] = 80
    https_port: pulumi.Input[int] = 443


class Backend(TypedDict):
    """A Service that answers."""

    service: pulumi.Input[str]
    """Its name, alone in the same namespace or `name.namespace.svc.cluster.local`."""

    port: pulumi.Input[int]
    """Its port's number."""


class Route(TypedDict):
    """One path, or all paths where none is given, and who answers. The first match wins."""

    prefix: NotRequired[pulumi.Input[str]]
    """Every path that begins with this text: `/status` matches `/status/418` and, where a Gateway lets it in,
    `/statusline` too (a Kubernetes Ingress goes by whole segments)."""

    exact: NotRequired[pulumi.Input[str]]
    """This path and no other."""

    path: NotRequired[pulumi.Input[str]]
    """Only with a Kubernetes Ingress: the implementation-specific path, which Istio takes as exact, or where it ends in
    `/*` or `.*` as a prefix by whole segments."""

    service: NotRequired[pulumi.Input[str]]
    """The Service's name. Default: the backend that the component was given, or deploys."""

    port: NotRequired[pulumi.Input[int]]
    """The Service's port. Needed with `service`, and only there."""


class TlsVersion(Enum):
    """Versions of TLS, named as Istio names them."""

    TLS_1_0 = "TLSV1_0"
    TLS_1_1 = "TLSV1_1"
    TLS_1_2 = "TLSV1_2"
    TLS_1_3 = "TLSV1_3"


@dataclass(frozen=True)
class Tls:
    """How a server ends TLS."""

    mode: str
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None
    cipher_suites: Sequence[pulumi.Input[str]] = ()


PASSTHROUGH = Tls("PASSTHROUGH")


def http_server(hosts: Sequence[pulumi.Input[str]], port: pulumi.Input[int], redirect: bool = False) -> Manifest:
    """A plain HTTP server; with `redirect` it answers everything with 301 to https."""
    server: Manifest = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts)}
    if redirect:
        server["tls"] = {"httpsRedirect": True}
    return server


def tls_server(
    name: str,
    hosts: Sequence[pulumi.Input[str]],
    port: pulumi.Input[int],
    tls: Tls,
    credentials: Sequence[pulumi.Input[str]] = (),
) -> Manifest:
    """A TLS server.

    `name` must be unique in its Gateway. The mode is always written, because Istio takes PASSTHROUGH where it is not.
    """
    settings: Manifest = {"mode": tls.mode}
    if len(credentials) == 1:
        settings["credentialName"] = credentials[0]
    elif credentials:
        settings["credentialNames"] = list(credentials)
    if tls.min_version:
        settings["minProtocolVersion"] = tls.min_version.value
    if tls.max_version:
        settings["maxProtocolVersion"] = tls.max_version.value
    if tls.cipher_suites:
        settings["cipherSuites"] = list(tls.cipher_suites)
    return {
        "port": {"number": port, "name": fit("https", name), "protocol": "HTTPS"},
        "hosts": list(hosts),
        "tls": settings,
    }


def gateway(
    name: str,
    gateway_name: str,
    servers: Sequence[Manifest],
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    selector: Mapping[str, pulumi.Input[str]],
) -> None:
    """Declare a Gateway: what the pods with these labels listen to."""
    _declare(name, "Gateway", gateway_name, {"selector": dict(selector), "servers": list(servers)}, parent, namespace)


def virtual_service(
    name: str,
    object_name: str,
    spec: Manifest,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
) -> None:
    """Declare a VirtualService: which request goes where."""
    _declare(name, "VirtualService", object_name, spec, parent, namespace)


def http_routes(
    hosts: Sequence[pulumi.Input[str]],
    gateways: Sequence[str],
    routes: Sequence[Route],
    backend: Backend | None,
) -> Manifest:
    """A VirtualService's spec: neighbouring routes to one destination become one rule; what none matches is 404."""
    rules = [
        {"match": [_match(route) for route in group], "route": [{"destination": _destination(service, port)}]}
        for (service, port), group in groupby(routes, lambda route: answering(route, backend))
    ]
    return {"hosts": list(hosts), "gateways": list(gateways), "http": rules}


def passthrough_routes(
    hosts: Sequence[pulumi.Input[str]], gateways: Sequence[str], port: pulumi.Input[int], backend: Backend
) -> Manifest:
    """A VirtualService's spec: connections that name one of these hosts go to the backend as they are."""
    rule = {
        "match": [{"port": port, "sniHosts": list(hosts)}],
        "route": [{"destination": _destination(backend["service"], backend["port"])}],
    }
    return {"hosts": list(hosts), "gateways": list(gateways), "tls": [rule]}


def _match(route: Route) -> Manifest:
    return {"uri": {"exact": route["exact"]} if "exact" in route else {"prefix": route.get("prefix", "/")}}


def answering(route: Route, backend: Backend | None) -> tuple[pulumi.Input[str], pulumi.Input[int]]:
    """The Service and port behind a route: its own, or the backend's."""
    if "service" in route:
        return route["service"], route["port"]
    if backend is None:
        raise ValueError("a route without a Service needs a backend")
    return backend["service"], backend["port"]


def _destination(service: pulumi.Input[str], port: pulumi.Input[int]) -> Manifest:
    return {"host": service, "port": {"number": port}}


def _declare(
    name: str,
    kind: str,
    object_name: str,
    spec: Manifest,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
) -> None:
    CustomResource(
        name,
        api_version="networking.istio.io/v1",
        kind=kind,
        metadata=metadata(namespace, object_name),
        spec=spec,
        opts=pulumi.ResourceOptions(parent=parent),
    )
