"""Rules about how backends are spoken to."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import full_name, is_no_service
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import DestinationRule
from istio_ingress.rules.values import Node

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
    """Of two DestinationRules for the same Service and pods Istio takes the older one's policy and drops the other.

    So it does with two subsets of one name; subsets of other names, and a policy that only one has, are put together.
    """
    policy, subsets = told.spec.node("trafficPolicy").value, told.spec.nodes("subsets")
    if not (policy or subsets) or is_no_service(told.spec.text("host"), index.settings.cluster_domain):
        return
    for other in index.destination_rules_for(told.spec.text("host"), told.namespace):
        if other is told:
            return  # each two once, at the later one
        if _follows(other, index) != _follows(told, index) or other.key == told.key:
            continue
        others = other.spec.node("trafficPolicy").value
        if policy and others and others != policy:
            yield Problem(
                told,
                "spec.trafficPolicy",
                f"{other} says otherwise how {told.spec.text('host')!r} is spoken to; only the older one counts.",
                "Say it in one of them.",
            )
        known = {subset.text("name"): subset for subset in other.spec.nodes("subsets")}
        for subset in subsets:
            name = subset.text("name")
            if name in known and _differ(subset, known[name]):
                yield Problem(
                    told,
                    subset.path,
                    f"{other} has another subset {name!r} of {told.spec.text('host')!r}; only the older one counts.",
                    "Call one of them otherwise, or have it once.",
                )


def _differ(one: Node, other: Node) -> bool:
    """Whether two subsets of one name are for different pods, or both say how these are spoken to, and not the same."""
    policies = [subset.node("trafficPolicy").value for subset in (one, other)]
    return one.labels("labels") != other.labels("labels") or (all(policies) and policies[0] != policies[1])


def _follows(told: DestinationRule, index: Index) -> tuple[object, ...]:
    """For which Service a rule is and who follows it: the namespace, the pods, and to whom it is exported."""
    host = full_name(told.spec.text("host"), told.namespace, index.settings.cluster_domain)
    selector = told.spec.node("workloadSelector").labels("matchLabels")
    exported = ["."] if selector else told.spec.texts("exportTo") or ["*"]
    return host, told.namespace, sorted(selector.items()), sorted(exported)
