"""Rules about what Istio and Kubernetes have given up: fields of which Istio warns, and versions that are gone."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.catalog.ingress_classes import may_be_istios
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.ingresses import Ingress, IngressClass
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import MESH, DestinationRule, VirtualService
from istio_ingress.rules.values import Node

_VALIDATION = "istio pkg/config/validation/validation.go"
_INGRESS = """\
apiVersion: networking.k8s.io/v1beta1
kind: IngressClass
metadata: {name: istio}
spec: {controller: istio.io/ingress-controller}
"""
#: Kinds of Kubernetes that every cluster which Istio runs on has in one version only.
_GONE = {
    "Ingress": ("extensions/v1beta1", "networking.k8s.io/v1beta1"),
    "IngressClass": ("networking.k8s.io/v1beta1",),
}


@rule(
    VirtualService,
    "virtualservice-deprecated",
    Severity.WARNING,
    source=f"{_VALIDATION} validateGatewayNames; virtualservice.go validateHTTPRoute",
    example=Example.fixed(
        f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop.web.svc.cluster.local]\n"
        "  http: [{route: [{destination: {host: cart}}]}]\n",
        ("shop.web.svc.cluster.local", "web/shop"),
    ),
)
def virtualservice_deprecated(service: VirtualService, _: Index) -> Iterator[Problem]:
    """Istio warns of a Gateway named as `name.namespace.svc.cluster.local`, and of `mirrorPercent`."""
    for position, name in enumerate(service.gateways):
        if "/" not in name and "." in name and name != MESH:
            full = service.gateway_name(name)
            message = f"{name!r} is the old way to name a Gateway."
            yield Problem(service, f"spec.gateways[{position}]", message, f"Write {full!r}.")
    for route in service.spec.nodes("http"):
        for key in ("mirrorPercent", "mirror_percent"):
            if route.number(key) > 0:
                message = f"{key} is deprecated."
                yield Problem(service, route.at(key), message, "Write mirrorPercentage: {value: …}.")


@rule(
    DestinationRule,
    "destination-rule-deprecated",
    Severity.WARNING,
    source=f"{_VALIDATION} validateOutlierDetection, validateLoadBalancer",
    example=Example.fixed(
        """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy: {outlierDetection: {consecutiveErrors: 5}}
""",
        ("consecutiveErrors", "consecutive5xxErrors"),
    ),
)
def destination_rule_deprecated(destination_rule: DestinationRule, _: Index) -> Iterator[Problem]:
    """Istio warns of `consecutiveErrors` and of `minimumRingSize` outside `ringHash`."""
    for policy in _policies(destination_rule):
        outlier, hashing = policy.node("outlierDetection"), policy.node("loadBalancer").node("consistentHash")
        if outlier.number("consecutiveErrors"):
            message = "consecutiveErrors is deprecated."
            remedy = "Use consecutive5xxErrors or consecutiveGatewayErrors."
            yield Problem(destination_rule, outlier.at("consecutiveErrors"), message, remedy)
        if hashing.number("minimumRingSize") and not any(one in hashing for one in ("ringHash", "maglev")):
            message = "minimumRingSize is deprecated here."
            yield Problem(destination_rule, hashing.at("minimumRingSize"), message, "Set it in ringHash.")


@rule(
    Resource,
    "version-removed",
    Severity.ERROR,
    source="kubernetes.io/docs/reference/using-api/deprecation-guide v1.22",
    example=Example.fixed(_INGRESS, ("networking.k8s.io/v1beta1", "networking.k8s.io/v1")),
)
def version_removed(resource: Resource, index: Index) -> Iterator[Problem]:
    """Kubernetes 1.22 removed the beta versions of Ingress and IngressClass; Istio's releases need a newer one."""
    written = resource.node.text("apiVersion")
    if written in _GONE.get(resource.kind, ()) and _may_be_istios(resource, index):
        yield Problem(
            resource,
            "apiVersion",
            f"No cluster since Kubernetes 1.22 has {resource.kind} in {written}.",
            "Write networking.k8s.io/v1, where a path has a pathType and a backend.service.",
        )


def _may_be_istios(resource: Resource, index: Index) -> bool:
    """Whether an Ingress or IngressClass is not certainly another controller's."""
    if isinstance(resource, Ingress):
        return may_be_istios(resource, index)
    return not isinstance(resource, IngressClass) or resource.is_istios


def _policies(destination_rule: DestinationRule) -> Iterator[Node]:
    """The traffic policies of a DestinationRule: its own, those of its subsets, and of ports in both."""
    for holder in (destination_rule.spec, *destination_rule.spec.nodes("subsets")):
        policy = holder.node("trafficPolicy")
        yield policy
        yield from policy.nodes("portLevelSettings")
