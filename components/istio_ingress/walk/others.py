"""Objects that change what a gateway answers, and that this package does not read: then it is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from istio_ingress.rules.hosts import is_within
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import NotKnownError
from istio_ingress.walk.gateways import GatewayPods

#: As kubectl calls those that a cluster is asked for besides what the rules read.
KINDS = (
    "authorizationpolicies.security.istio.io",
    "requestauthentications.security.istio.io",
    "envoyfilters.networking.istio.io",
    "wasmplugins.extensions.istio.io",
    "httproutes.gateway.networking.k8s.io",
    "grpcroutes.gateway.networking.k8s.io",
    "tlsroutes.gateway.networking.k8s.io",
)
_ON_PODS = frozenset({"RequestAuthentication", "EnvoyFilter", "WasmPlugin"})
_WITH_HOSTS = frozenset({"Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute"})
#: As manifests do.
NAMES = _ON_PODS | _WITH_HOSTS | {"AuthorizationPolicy"}
_CLASS = "kubernetes.io/ingress.class"


def refuse(resources: Iterable[Resource], pods: GatewayPods, root_namespace: str) -> None:
    """Say that it is not known where one of them is for these pods, whatever the host.

    Raises:
        NotKnownError: one is.
    """
    for one in on_pods(resources, pods, root_namespace):
        raise NotKnownError(f"{one} is for the gateway's pods, and what it does to the request is not walked")


def on_pods(resources: Iterable[Resource], pods: GatewayPods, root_namespace: str) -> Iterator[Resource]:
    """Those of them that change what these pods do, whatever the host."""
    return (one for one in resources if one.kind in _ON_PODS and _selects(one, pods, root_namespace))


def refuse_host(resources: Iterable[Resource], domain: str, *, answered: bool) -> None:
    """Say that it is not known where one of them has routes for a host.

    Args:
        resources: Everything.
        domain: The host.
        answered: Whether a route of a VirtualService answers: then only an Ingress of Istio's could come before it,
            because routes of the Gateway API are for gateways of their own.

    Raises:
        NotKnownError: one has.
    """
    for one in resources:
        if one.kind not in _WITH_HOSTS or (answered and one.kind != "Ingress") or not _is_istios(one):
            continue
        if is_within(domain, _hosts(one)):
            raise NotKnownError(f"{one} has routes for {domain}, which are not walked")


def _selects(one: Resource, pods: GatewayPods, root_namespace: str) -> bool:
    if one.namespace not in (pods.namespace, root_namespace):
        return False
    selector = one.spec.node("selector").labels("matchLabels")
    if one.kind == "EnvoyFilter":
        selector = one.spec.node("workloadSelector").labels("labels")
    return selector.items() <= pods.labels.items()


def _is_istios(one: Resource) -> bool:
    """Whether an Ingress may be one that Istio serves: one of no class, or of another's, it leaves alone."""
    if one.kind != "Ingress":
        return True
    named = one.spec.text("ingressClassName") or one.metadata.node("annotations").text(_CLASS)
    return "istio" in named


def _hosts(one: Resource) -> list[str]:
    if one.kind != "Ingress":
        return [host.lower() for host in one.spec.texts("hostnames")] or ["*"]
    return [rule.text("host").lower() or "*" for rule in one.spec.nodes("rules")] or ["*"]
