"""Rules about what the API server refuses of an Ingress by itself."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.ingress_classes import may_be_istios
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import is_ip_address
from istio_ingress.rules.index import Index
from istio_ingress.rules.ingresses import Ingress
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.values import Node
from istio_ingress.rules.words import quoted

_VERSION = "networking.k8s.io/v1"
_PATH_TYPES = ("Exact", "Prefix", "ImplementationSpecific")
_OLD_FIELDS = ("serviceName", "servicePort")
Fault = tuple[str, str, str]


@rule(
    Ingress,
    "ingress-invalid",
    Severity.ERROR,
    source="kubernetes pkg/apis/networking/validation ValidateIngressCreate",
    example=Example.fixed(
        """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {serviceName: cart, servicePort: 8000}}
""",
        ("{serviceName: cart, servicePort: 8000}", "{service: {name: cart, port: {number: 8000}}}"),
    ),
)
def ingress_invalid(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """Kubernetes refuses an Ingress without rules, a path without a type, and a backend of the old form."""
    is_ours = ingress.node.text("apiVersion") == _VERSION and may_be_istios(ingress, index)
    if is_ours and not index.has_versions(ingress):  # which may be patches
        for path, message, remedy in _faults(ingress.spec):
            yield Problem(ingress, path, message, remedy)


def _faults(spec: Node) -> Iterator[Fault]:
    if "backend" in spec:
        message = "There is no backend here since networking.k8s.io/v1."
        yield spec.at("backend"), message, "Write defaultBackend: {service: …}."
    elif "defaultBackend" in spec:
        yield from _of_backend(spec.node("defaultBackend"))
    elif not spec.nodes("rules"):
        yield spec.at("rules"), "There are neither rules nor a defaultBackend.", "Add one of them."
    for rule_node in spec.nodes("rules"):
        host = rule_node.text("host")
        if is_ip_address(host):
            yield rule_node.at("host"), f"{host!r} is an address, not a name.", "Use a DNS name, or leave it out."
        for path in rule_node.node("http").nodes("paths"):
            yield from _of_path(path)


def _of_path(path: Node) -> Iterator[Fault]:
    kind, text = path.text("pathType"), path.text("path")
    if not kind:
        yield path.at("pathType"), "This path has no type.", "Use Prefix or Exact."
    elif kind not in _PATH_TYPES:
        yield path.at("pathType"), f"There is no type {quoted(kind)}.", "Use Prefix or Exact."
    elif kind != "ImplementationSpecific" and not text.startswith("/"):
        yield path.at("path"), f"The path {quoted(text)} does not begin with a slash.", "Let it begin with one."
    if "backend" in path:
        yield from _of_backend(path.node("backend"))
    else:
        yield path.at("backend"), "This path leads nowhere.", "Name a Service."


def _of_backend(backend: Node) -> Iterator[Fault]:
    old = next((key for key in _OLD_FIELDS if key in backend), "")
    service = backend.node("service")
    if old:
        yield backend.at(old), f"There is no {old} since networking.k8s.io/v1.", "Write service: {name: …, port: …}."
    elif "service" not in backend:
        if "resource" not in backend:
            yield backend.path, "This backend is none.", "Write service: {name: …, port: {number: …}}."
    elif not service.text("name"):
        yield service.at("name"), "The Service has no name.", "Name it."
    elif not service.node("port").value:
        yield service.at("port"), "The Service's port is missing.", "Give its number or its name."
