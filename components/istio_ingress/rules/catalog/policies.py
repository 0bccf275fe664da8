"""Rules about AuthorizationPolicies whose values nothing is like."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.security import AuthorizationPolicy
from istio_ingress.rules.values import Node

_POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/*/sa/cart]}}]}]
"""
#: Whose values may begin or end with a star; that of a namespace may be anywhere.
_SOURCES = ("principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals")
_OPERATIONS = ("hosts", "notHosts", "methods", "notMethods", "paths", "notPaths")


@rule(
    AuthorizationPolicy,
    "policy-star-inside",
    Severity.WARNING,
    source="Istio reference: AuthorizationPolicy; istio pilot/pkg/security/authz/matcher/string.go",
    example=Example.fixed(_POLICY, ("cluster.local/ns/*/sa/cart", "'*/sa/cart'")),
)
def policy_star_inside(policy: AuthorizationPolicy, _: Index) -> Iterator[Problem]:
    """A star stands for the rest of a value at one of its ends: elsewhere it is a star, and nothing is like it."""
    for rule_node in policy.spec.nodes("rules"):
        for one in rule_node.nodes("from"):
            yield from _stars(policy, one.node("source"), _SOURCES)
        for one in rule_node.nodes("to"):
            yield from _stars(policy, one.node("operation"), _OPERATIONS)


def _stars(policy: AuthorizationPolicy, node: Node, keys: tuple[str, ...]) -> Iterator[Problem]:
    for key in keys:
        for position, value in enumerate(node.texts(key)):
            rest = value[1:] if value.startswith("*") else value.removesuffix("*")
            if "*" in rest and "{" not in value:  # a template of a path has stars of its own
                yield Problem(
                    policy,
                    f"{node.at(key)}[{position}]",
                    f"{value!r} has a star that is not at one of its ends alone: only what has one there meets it.",
                    "Write {*} for a part of a path." if key.lower().endswith("paths") else "List what is meant.",
                )
