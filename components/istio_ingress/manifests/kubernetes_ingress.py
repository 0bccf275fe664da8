"""A Kubernetes Ingress that Istio's gateway serves, and the IngressClass that says so."""

from collections.abc import Iterable, Sequence
from enum import Enum

import pulumi
import pulumi_kubernetes as kubernetes  # which imports its parts when they are used: few use these

from ..arguments.hosts import HttpHost
from ..arguments.routes import Backend, Route, destination
from ..expected.carried import ANNOTATION
from ..names import object_name
from .objects import Manifest, metadata, name_by_contents, options

_CONTROLLER = "istio.io/ingress-controller"
_ANNOTATION = {"kubernetes.io/ingress.class": "istio"}
# Route field to path type. Exact is exact, Prefix goes by whole segments, the third is exact or, where it ends in
# `/*` or `.*`, goes by whole segments too.
_PATH_TYPES = {"exact": "Exact", "prefix": "Prefix", "path_prefix": "Prefix", "path": "ImplementationSpecific"}


class Entry(Enum):
    """What lets requests in."""

    GATEWAY = "gateway"
    """An Istio Gateway and VirtualService."""

    INGRESS_CLASS = "ingress-class"
    """A Kubernetes Ingress of an IngressClass with the controller `istio.io/ingress-controller`."""

    INGRESS_ANNOTATION = "ingress-annotation"
    """A Kubernetes Ingress with the older annotation `kubernetes.io/ingress.class: istio`."""


def spec(
    host: HttpHost,
    backend: Backend | None,
    secrets: Iterable[tuple[Sequence[pulumi.Input[str]], pulumi.Input[str]]] = (),
) -> Manifest:
    """An Ingress's spec, without its class.

    Args:
        host: names, or `*` for all, and which paths go where.
        backend: who answers where a route names no Service.
        secrets: hosts that are served over TLS as well, each time with their Secret in the gateway's namespace.
    """
    paths = [_path(route, backend) for route in host.routes]
    made: Manifest = {"rules": [_host(one) | {"http": {"paths": paths}} for one in host.served]}
    tls = [{"hosts": list(hosts), "secretName": secret} for hosts, secret in secrets]
    return made | ({"tls": tls} if tls else {})


def declare(
    name: str,
    object_name: str,
    ingress: Manifest,
    *,
    entry: Entry,
    ingress_class: pulumi.Input[str] | None,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    expect: pulumi.Input[str] | None = None,
) -> None:
    """Declare the Ingress, and an IngressClass where it needs one and none is named."""
    expected = {} if expect is None else {ANNOTATION: expect}
    described = metadata(namespace, object_name, skip_await=True, annotations=expected)
    if entry is Entry.INGRESS_ANNOTATION:
        described["annotations"] |= _ANNOTATION
    else:
        ingress = {"ingressClassName": ingress_class or _class(name, parent), **ingress}
    kubernetes.networking.v1.Ingress(f"{name}-ingress", metadata=described, spec=ingress, opts=options(parent))


def _class(name: str, parent: pulumi.Resource) -> pulumi.Output[str]:
    """A class of the component's own: classes are cluster-wide, so its name has a tail that no other stack's has."""
    own = f"{name}-class"
    plain = object_name(own) == own  # then the provider adds a random one
    made = kubernetes.networking.v1.IngressClass(
        own,
        metadata=metadata(name=None if plain else name_by_contents(object_name(own), {"controller": _CONTROLLER})),
        spec={"controller": _CONTROLLER},
        opts=options(parent),
    )
    class_name: pulumi.Output[str] = made.metadata.name
    return class_name


def _host(host: pulumi.Input[str]) -> Manifest:
    return {} if host == "*" else {"host": host}


def _path(route: Route, backend: Backend | None) -> Manifest:
    field = next((field for field in _PATH_TYPES if field in route), None)
    service, port = destination(route, backend)
    return {
        "path": route[field] if field else "/",  # type: ignore[literal-required]
        "pathType": _PATH_TYPES[field or "prefix"],
        "backend": {"service": {"name": service, "port": {"number": port}}},
    }
