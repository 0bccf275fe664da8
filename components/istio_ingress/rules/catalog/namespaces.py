"""Rules about the namespaces that objects are in."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Namespace
from istio_ingress.rules.values import known_of

# Every cluster has them; files that name all four are a list of what a cluster has.
_OF_EVERY_CLUSTER = ("default", "kube-node-lease", "kube-public", "kube-system")
_NAMESPACES = "---\n".join(
    f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n" for name in (*_OF_EVERY_CLUSTER, "shop")
)


@rule(
    Index,
    "namespace-missing",
    Severity.ERROR,
    misses=True,
    source="kubernetes.io/docs/concepts/overview/working-with-objects/namespaces",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{_NAMESPACES}".replace("namespace: shop}", "namespace: shopp}"),
        ("shopp", "shop"),
    ),
)
def namespace_missing(index: Index, _: Index) -> Iterator[Problem]:
    """The API server refuses an object in a namespace that is not there, when what comes before it has been created."""
    there = {namespace.name for namespace in index.every(Namespace)}
    if not there.issuperset(_OF_EVERY_CLUSTER):
        return
    firsts = {known_of(one, "namespace"): one for one in reversed(index.resources)}
    for namespace in filter(None, firsts.keys() - there):
        resource = firsts[namespace]
        yield Problem(
            resource,
            "metadata.namespace",
            f"The cluster has no namespace {namespace!r}.",
            f"Make it first (`kubectl create namespace {namespace}`), or name one that is there.",
            absent_from="*",
        )
