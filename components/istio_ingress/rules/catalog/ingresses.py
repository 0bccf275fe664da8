"""Rules about Kubernetes Ingresses that Istio serves: it makes a Gateway and VirtualServices of each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, GATEWAY_PODS, HTTPS_SERVER, SERVICE
from istio_ingress.rules.catalog.ingress_classes import classes, is_istios
from istio_ingress.rules.defaults import GATEWAY_SELECTOR
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.ingresses import GLOBS, Ingress
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import Node
from istio_ingress.rules.words import some, those_of

_SOURCE = "istio pilot/pkg/config/kube/ingress"
_CLASS = """\
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: istio}
spec: {controller: istio.io/ingress-controller}
---
"""
_HEAD = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec:
  ingressClassName: istio
"""
_RULES = """\
  rules:
  - host: shop.example
    http:
      paths:
      - {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 8000}}}}
"""
_INGRESS = f"{_CLASS}{_HEAD}{_RULES}"
_TLS = f"{_INGRESS}  tls: [{{hosts: [shop.example], secretName: shop-credential}}]\n"
_PAIR = "\n  tls.crt: certificate(shop.example)\n  tls.key: private_key(shop.example)\n"
#: What makes a path a regular expression, and stands in no request's path.
_PATTERN = re.compile(r"\.[*+]|[\[\]|\\^]")


@rule(
    Ingress,
    "ingress-class-missing",
    Severity.ERROR,
    misses=True,
    source=f"{_SOURCE} shouldProcessIngressWithClass; Istio task: Kubernetes Ingress",
    example=Example.fixed(
        f"{_INGRESS}---\n{SERVICE}\n---\n{GATEWAY_PODS}\n".replace("ingressClassName: istio", "ingressClassName: isto"),
        ("ingressClassName: isto", "ingressClassName: istio"),
        settings=Settings(complete=True),
    ),
)
def ingress_class_missing(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """An Ingress whose IngressClass does not exist is served by nobody; only a complete set of manifests can tell."""
    there = classes(index)
    name = ingress.class_name
    is_meant = "istio" in name or any(one.is_istios for one in there)  # other controllers may need no IngressClass
    if index.settings.complete and name and is_meant and name not in [one.name for one in there]:
        yield Problem(
            ingress,
            "spec.ingressClassName",
            f"There is no IngressClass {name!r}{those_of(one.name for one in there)}.",
            "Name one that exists, or make it with the controller istio.io/ingress-controller.",
        )


@rule(
    Ingress,
    "ingress-class-repeated",
    Severity.ERROR,
    source="kubernetes pkg/apis/networking/validation ValidateIngressCreate",
    example=Example.fixed(
        _INGRESS.replace(
            "shop}\nspec:\n  ing", "shop, annotations: {kubernetes.io/ingress.class: istio}}\nspec:\n  ing"
        ),
        ("  ingressClassName: istio\n", ""),
    ),
)
def ingress_class_repeated(ingress: Ingress, _: Index) -> Iterator[Problem]:
    """Kubernetes refuses to create an Ingress that names its class in the annotation and in `ingressClassName`."""
    if ingress.annotated_class and ingress.class_name:
        yield Problem(
            ingress,
            "spec.ingressClassName",
            f"The class is {ingress.class_name!r}, and the annotation kubernetes.io/ingress.class is there too.",
            "Keep one of them.",
        )


@rule(
    Ingress,
    "ingress-path-exact",
    Severity.WARNING,
    source=f"{_SOURCE}/virtualservices.go createFallbackStringMatch",
    example=Example.fixed(
        _INGRESS.replace("pathType: Prefix", "pathType: ImplementationSpecific"), ("ImplementationSpecific", "Prefix")
    ),
)
def ingress_path_exact(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """To Istio an implementation-specific path is exact, unless it ends in `/*` or `.*`; and no path is a regex."""
    for path in ingress.paths if is_istios(ingress, index) else ():
        text, kind = path.text("path"), path.text("pathType")
        if kind in ("Exact", "Prefix"):
            if not text.endswith("*") and _PATTERN.search(text):
                message = f"{text!r} is {kind}, and no regular expression: only a path with these characters meets it."
                yield Problem(ingress, path.at("path"), message, "Write the path that is meant, with the type Prefix.")
            if text.endswith("*"):
                yield Problem(
                    ingress,
                    path.at("path"),
                    f"{text!r} is {kind}, so its star is one: only a path with a star there meets it.",
                    f"Write {text.rstrip('*').rstrip('.') or '/'} with the type Prefix.",
                )
        elif kind == "ImplementationSpecific" and text not in ("", "*") and not text.endswith(GLOBS):
            yield Problem(
                ingress,
                path.at("path"),
                f"{text!r} of the type ImplementationSpecific is exact to Istio: what is below it answers 404.",
                "Use the type Prefix, or Exact if that is meant.",
            )


@rule(
    Ingress,
    "ingress-annotation-unused",
    Severity.WARNING,
    source="Istio task: Kubernetes Ingress (kubernetes.io/ingress.class is the only annotation)",
    example=Example.fixed(
        _INGRESS.replace("name: shop,", "name: shop, annotations: {nginx.ingress.kubernetes.io/rewrite-target: /},"),
        (" annotations: {nginx.ingress.kubernetes.io/rewrite-target: /},", ""),
    ),
)
def ingress_annotation_unused(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """Annotations for other controllers do nothing where Istio serves an Ingress: no rewrite, redirect or limit."""
    if ingress.other_controllers and is_istios(ingress, index):
        yield Problem(
            ingress,
            "metadata.annotations",
            f"Istio serves it and does not read {some(ingress.other_controllers)}.",
            "Use a Gateway and a VirtualService for that, or the class of the controller that reads it.",
        )


@rule(
    Ingress,
    "ingress-credential-namespace",
    Severity.ERROR,
    misses=True,
    source=f"{_SOURCE}/gateways.go; Istio task: Kubernetes Ingress (TLS)",
    example=Example.fixed(
        f"{_TLS}---\n{GATEWAY_PODS}\n---\n{CREDENTIAL}{_PAIR}".replace(
            "shop-credential, namespace: istio-system", "shop-credential, namespace: shop"
        ),
        ("shop-credential, namespace: shop", "shop-credential, namespace: istio-system"),
    ),
)
def ingress_credential_namespace(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """The Secret of an Ingress lies in the namespace of the gateway's pods, not in that of the Ingress."""
    for tls in ingress.tls if is_istios(ingress, index) else ():
        name = tls.text("secretName")
        for namespace in sorted(index.pod_namespaces(GATEWAY_SELECTOR)):
            held = [*index.secrets.named(name), *index.makers_of(name)]
            elsewhere = sorted({one.namespace for one in held})
            if elsewhere and "" not in elsewhere and namespace not in elsewhere:
                yield Problem(
                    ingress,
                    tls.at("secretName"),
                    f"The Secret {name!r} is in the namespace {' and '.join(map(repr, elsewhere))}, and the gateway's "
                    f"pods run in {namespace!r}.",
                    f"Put the Secret into {namespace!r}.",
                )


@rule(
    Ingress,
    "ingress-host-conflict",
    Severity.ERROR,
    source=f"{_SOURCE}/gateways.go; istio pilot/pkg/model/gateway.go mergeGateways, CheckDuplicates",
    example=Example.fixed(
        f"{_TLS}---\n{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n",
        ("    hosts: [shop.example]\n    tls: {mode", "    hosts: [blog.example]\n    tls: {mode"),
    ),
)
def ingress_host_conflict(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """A TLS host of an Ingress on a Gateway or another Ingress too: of the two the younger is dropped."""
    if not is_istios(ingress, index):
        return
    for tls in ingress.tls:
        hosts = tls.texts("hosts") or ["*"]
        for host in hosts:
            other = _who_else_has(host.lower(), ingress, index)
            if other:
                yield Problem(
                    ingress,
                    tls.at("hosts"),
                    f"The TLS host {host!r} is on {other} too, for the same pods: the older one stays, the other is "
                    "dropped.",
                    "Serve the host by one of them.",
                )
                break


@rule(
    Ingress,
    "ingress-service-missing",
    Severity.ERROR,
    misses=True,
    source="kubernetes.io/docs/concepts/services-networking/ingress (backends are Services of its own namespace)",
    example=Example.fixed(
        f"{_INGRESS}---\n{SERVICE}\n---\n{GATEWAY_PODS}\n".replace("{service: {name: cart", "{service: {name: basket"),
        ("name: basket", "name: cart"),
        settings=Settings(complete=True),
    ),
)
def ingress_service_missing(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """A path to a Service that does not exist answers 503; only a complete set of manifests can tell."""
    for backend in ingress.backends if index.settings.complete and is_istios(ingress, index) else ():
        name = backend.text("name")
        if name and index.services.find(ingress.namespace, name) is None:
            there = those_of(index.services.names(ingress.namespace))
            yield Problem(
                ingress,
                backend.at("name"),
                f"There is no Service {name!r} in {ingress.namespace!r}{there}.",
                "Name one that is there: an Ingress leads to Services of its own namespace.",
            )


@rule(
    Ingress,
    "ingress-port-missing",
    Severity.ERROR,
    source=f"{_SOURCE}/virtualservices.go ingressBackendToHTTPRoute",
    example=Example.fixed(f"{_INGRESS}---\n{SERVICE}\n".replace("number: 8000", "number: 8080"), ("8080}}", "8000}}")),
)
def ingress_port_missing(ingress: Ingress, index: Index) -> Iterator[Problem]:
    """A path to a port that its Service does not have answers 503; the port is the Service's, not the container's."""
    for backend in ingress.backends if is_istios(ingress, index) else ():
        service = index.services.find(ingress.namespace, backend.text("name"))
        port = backend.node("port")
        wanted: int | str = port.number("number") or port.text("name")
        there = [_port(one, wanted) for one in service.ports] if service else []
        if wanted and there and wanted not in there:
            yield Problem(
                ingress,
                backend.at("port"),
                f"The port is {wanted!r}, and {service} has {some(there)}.",
                f"Use {some(there)}.",
            )


def _port(port: Node, like: int | str) -> int | str:
    return port.number("port") if isinstance(like, int) else port.text("name")


def _who_else_has(host: str, ingress: Ingress, index: Index) -> object:
    """The first Gateway, or Ingress that stands before, which has a TLS host on port 443 of the same pods."""
    for server in index.servers:
        is_met = server.gateway.labels <= GATEWAY_SELECTOR.items() and server.is_tls
        if is_met and server.port.number("number") == 443 and host in server.hosts:
            return server.gateway
    for other in index.subjects(Ingress):
        if other is ingress:
            return None
        if isinstance(other, Ingress) and is_istios(other, index):
            hosts = [name.lower() for tls in other.tls for name in tls.texts("hosts") or ["*"]]
            if host in hosts and other.key != ingress.key:
                return other
    return None
