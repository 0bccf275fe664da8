"""What is refused of each resource, found once for all the rules that tell of it."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.finding import Problem
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.schema import judging
from istio_ingress.rules.schema.definitions import groups
from istio_ingress.rules.values import known


def refused(index: Index, rule_id: str) -> list[Problem]:
    """The mistakes of all resources that one rule tells of."""
    return index.once(_by_rule).get(rule_id, [])


def _by_rule(index: Index) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    judged = groups()
    for resource in index.resources:
        if resource.group in judged and not _may_be_part(resource, index):
            for rule_id, problem in _judged(resource):
                found.setdefault(rule_id, []).append(problem)
    return found


def _may_be_part(resource: Resource, index: Index) -> bool:
    """Whether a manifest without a spec may be a patch of another one that is here."""
    return "spec" not in resource.node and index.has_versions(resource)


def _judged(resource: Resource) -> Iterator[tuple[str, Problem]]:
    namespace = known(lambda: resource.namespace) or ""
    for one in judging.refused(resource.node.value, namespace):
        yield one.rule, Problem(resource, one.path, one.message, one.remedy)
