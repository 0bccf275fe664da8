"""Kubernetes Ingresses as what Istio makes of them: a Gateway and a VirtualService each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from istio_ingress.rules import Manifest as WithOrigin
from istio_ingress.rules.defaults import CLUSTER_DOMAIN, GATEWAY_SELECTOR
from istio_ingress.rules.kinds import ISTIO
from istio_ingress.rules.resources import Resource
from istio_ingress.topology.manifests import Manifest, name_of

CONTROLLER = "istio.io/ingress-controller"
ANNOTATION = "kubernetes.io/ingress.class"
#: What Istio selects for Ingresses unless the mesh configuration says otherwise.
#: Rules that mean the same for an Ingress; the others are about fields that only Istio sets here.
RULES = ("certificate-", "credential-", "host-conflict", "route-service-", "route-port-missing")
#: Rules about an Ingress that say what others say here of what Istio makes of it.
SAID_TWICE = (
    "ingress-credential-namespace",
    "ingress-host-conflict",
    "ingress-service-missing",
    "ingress-port-missing",
)
_API = f"{ISTIO}/v1"
_ORIGIN = "Ingress "


class HasOrigin(Protocol):
    """A resource, or a finding about one, that knows what it was made of."""

    @property
    def origin(self) -> str:
        """`Ingress namespace/name` for what Istio makes of one."""


def is_of_ingress(one: HasOrigin) -> bool:
    """Whether Istio made this of an Ingress."""
    return is_ingress(one.origin)


def is_ingress(name: str) -> bool:
    """Whether this names an Ingress, as `Ingress namespace/name`."""
    return name.startswith(_ORIGIN)


def called(resource: Resource) -> str:
    """The resource as people know it: what Istio makes of an Ingress goes by the Ingress's name."""
    return resource.origin if is_of_ingress(resource) else str(resource)


def of_istio(ingresses: Iterable[Manifest], classes: Iterable[Manifest]) -> list[Manifest]:
    """The Ingresses that Istio serves."""
    ours = {one["metadata"]["name"] for one in classes if (one.get("spec") or {}).get("controller") == CONTROLLER}
    return [one for one in ingresses if is_named(one, ours)]


def is_named(ingress: Manifest, classes: set[str]) -> bool:
    """Whether an Ingress is of one of these classes, or has Istio's annotation."""
    annotations = ingress["metadata"].get("annotations") or {}
    return annotations.get(ANNOTATION) == "istio" or (ingress.get("spec") or {}).get("ingressClassName") in classes


def as_istio(ingresses: Iterable[Manifest], services: Sequence[Manifest]) -> Iterator[WithOrigin]:
    """A Gateway and a VirtualService for every host of every Ingress; their origin is the Ingress."""
    ports = {name_of(service): (service.get("spec") or {}).get("ports") or [] for service in services}
    for ingress in ingresses:
        namespace, name = name_of(ingress)
        origin = f"{_ORIGIN}{namespace}/{name}"
        created = {"creationTimestamp": ingress["metadata"].get("creationTimestamp", "")}
        spec = ingress.get("spec") or {}
        metadata = {"namespace": namespace, "name": f"ingress-{name}", **created}
        by_host: dict[str, list[Mapping[str, Any]]] = {}
        for rule in spec.get("rules") or []:
            by_host.setdefault(rule.get("host") or "*", []).extend((rule.get("http") or {}).get("paths") or [])
        default = [{"backend": spec["defaultBackend"]}] if spec.get("defaultBackend") else []
        if default and not by_host:
            by_host["*"] = []
        gateway = {"selector": GATEWAY_SELECTOR, "servers": list(_servers(spec, list(by_host)))}
        yield WithOrigin({"apiVersion": _API, "kind": "Gateway", "metadata": metadata, "spec": gateway}, origin)
        for number, (host, paths) in enumerate(by_host.items()):
            routes = [_route(path, namespace, ports) for path in [*paths, *default]]
            service = {"hosts": [host], "gateways": [f"ingress-{name}"], "http": routes}
            named = {**metadata, "name": f"ingress-{name}-{number}"}
            yield WithOrigin({"apiVersion": _API, "kind": "VirtualService", "metadata": named, "spec": service}, origin)


def _servers(spec: Manifest, hosts: list[str]) -> Iterator[dict[str, Any]]:
    yield {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": hosts}
    for number, tls in enumerate(spec.get("tls") or []):
        yield {
            "port": {"number": 443, "name": f"https-{number}", "protocol": "HTTPS"},
            "hosts": tls.get("hosts") or ["*"],
            "tls": {"mode": "SIMPLE", "credentialName": tls.get("secretName") or ""},
        }


def _route(path: Mapping[str, Any], namespace: str, ports: Mapping[tuple[str, str], list[Any]]) -> dict[str, Any]:
    service = (path.get("backend") or {}).get("service") or {}
    name, port = str(service.get("name", "")), service.get("port") or {}
    of_name = (one.get("port") for one in ports.get((namespace, name), []) if one.get("name") == port.get("name"))
    number = port.get("number") or next(of_name, 0)
    destination = {"host": f"{name}.{namespace}.svc.{CLUSTER_DOMAIN}", "port": {"number": number}}
    return {"match": _match(path), "route": [{"destination": destination}]}


def _match(path: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prefix goes by whole segments; an implementation-specific path is exact unless it ends in `/*` or `.*`."""
    text, kind = path.get("path") or "/", path.get("pathType")
    if kind == "Exact":
        return [{"uri": {"exact": text}}]
    if kind == "Prefix":
        stem = text.rstrip("/")
        return [{"uri": {"exact": stem}}, {"uri": {"prefix": f"{stem}/"}}] if stem else [{"uri": {"prefix": "/"}}]
    if text.endswith(("/*", ".*")):
        return [{"uri": {"prefix": text[:-1] if text.endswith("/*") else text[:-2]}}]
    return [{"uri": {"exact": text}}] if path.get("path") else []
