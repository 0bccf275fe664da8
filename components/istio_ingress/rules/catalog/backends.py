"""Rules about how backends are spoken to."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import full_name, is_no_service
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import DestinationRule

_ONE = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE}}}
"""
_OTHER = """\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart-tls, namespace: shop}
spec:
  host: cart.shop.svc.cluster.local
  trafficPolicy: {tls: {mode: SIMPLE}}
"""


@rule(
    DestinationRule,
    "backend-told-twice",
    Severity.ERROR,
    source="istio pilot/pkg/model/destination_rule.go mergeDestinationRule",
    example=Example.fixed(
        f"{_ONE}---\n{_OTHER}",
        ("  trafficPolicy: {tls: {mode: SIMPLE}}\n", "  subsets: [{name: v1, labels: {a: b}}]\n"),
    ),
)
def backend_told_twice(told: DestinationRule, index: Index) -> Iterator[Problem]:
    """Of two DestinationRules for the same Service and pods Istio takes the older one's policy and drops the other."""
    policy = told.spec.node("trafficPolicy").value
    if not policy or is_no_service(told.spec.text("host"), index.settings.cluster_domain):
        return
    for other in index.destination_rules_for(told.spec.text("host"), told.namespace):
        if other is told:
            return  # each two once, at the later one
        if _follows(other, index) != _follows(told, index) or other.key == told.key:
            continue
        others = other.spec.node("trafficPolicy").value
        if others and others != policy:
            yield Problem(
                told,
                "spec.trafficPolicy",
                f"{other} says otherwise how {told.spec.text('host')!r} is spoken to; only the older one counts.",
                "Say it in one of them.",
            )


def _follows(told: DestinationRule, index: Index) -> tuple[object, ...]:
    """For which Service a rule is and who follows it: the namespace, the pods, and to whom it is exported."""
    host = full_name(told.spec.text("host"), told.namespace, index.settings.cluster_domain)
    selector = told.spec.node("workloadSelector").labels("matchLabels")
    exported = ["."] if selector else told.spec.texts("exportTo") or ["*"]
    return host, told.namespace, sorted(selector.items()), sorted(exported)
