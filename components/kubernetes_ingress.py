"""A Kubernetes Ingress that Istio's gateway serves, and the IngressClass that says so."""

from collections.abc import Sequence
from enum import Enum

import pulumi
import pulumi_kubernetes as kubernetes  # which imports its parts when they are used: few use these

from .istio import Backend, Route, answering
from .objects import Manifest, metadata

_CONTROLLER = "istio.io/ingress-controller"
_ANNOTATION = {"kubernetes.io/ingress.class": "istio"}
# Route field to path type. Exact is exact, Prefix goes by whole segments, the third is exact or, where it ends in
# `/*` or `.*`, goes by whole segments too.
_PATH_TYPES = {"exact": "Exact", "prefix": "Prefix", "path": "ImplementationSpecific"}


class Entry(Enum):
    """What lets requests in."""

    GATEWAY = "gateway"
    """An Istio Gateway and VirtualService."""

    INGRESS_CLASS = "ingress-class"
    """A Kubernetes Ingress of an IngressClass with the controller `istio.io/ingress-controller`."""

    INGRESS_ANNOTATION = "ingress-annotation"
    """A Kubernetes Ingress with the older annotation `kubernetes.io/ingress.class: istio`."""


def spec(
    hosts: Sequence[pulumi.Input[str]],
    routes: Sequence[Route],
    backend: Backend | None,
    tls_secret: pulumi.Input[str] | None = None,
) -> Manifest:
    """An Ingress's spec, without its class.

    Args:
        hosts: names, or `*` for all.
        routes: which paths go where.
        backend: who answers where a route names no Service.
        tls_secret: a Secret in the gateway's namespace with which the hosts are served over TLS as well.
    """
    paths = [_path(route, backend) for route in routes]
    made: Manifest = {"rules": [_host(host) | {"http": {"paths": paths}} for host in hosts]}
    if tls_secret is not None:
        made["tls"] = [{"hosts": [host for host in hosts if host != "*"], "secretName": tls_secret}]
    return made


def declare(
    name: str,
    object_name: str,
    ingress: Manifest,
    *,
    entry: Entry,
    ingress_class: pulumi.Input[str] | None,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
) -> None:
    """Declare the Ingress, and an IngressClass where it needs one and none is named."""
    described = metadata(namespace, object_name, skip_await=True)
    if entry is Entry.INGRESS_ANNOTATION:
        described["annotations"] |= _ANNOTATION
    else:
        ingress = {"ingressClassName": ingress_class or _class(name, parent), **ingress}
    kubernetes.networking.v1.Ingress(
        f"{name}-ingress", metadata=described, spec=ingress, opts=pulumi.ResourceOptions(parent=parent)
    )


def _class(name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A class of the component's own: classes are cluster-wide, so its name has a random tail."""
    made = kubernetes.networking.v1.IngressClass(
        f"{name}-class",
        metadata=metadata(),
        spec={"controller": _CONTROLLER},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    class_name: pulumi.Output[str] = made.metadata.name
    return class_name


def _host(host: pulumi.Input[str]) -> Manifest:
    return {} if host == "*" else {"host": host}


def _path(route: Route, backend: Backend | None) -> Manifest:
    field = next((field for field in _PATH_TYPES if field in route), None)
    service, port = answering(route, backend)
    return {
        "path": route[field] if field else "/",  # type: ignore[literal-required]
        "pathType": _PATH_TYPES[field or "prefix"],
        "backend": {"service": {"name": service, "port": {"number": port}}},
    }
