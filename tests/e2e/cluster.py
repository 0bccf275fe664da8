"""What is in the cluster, so that a test can say that nothing is left behind."""

from __future__ import annotations

from typing import NamedTuple

from tests.e2e.conftest import kubectl

_COLUMNS = (
    r'{range .items[*]}{.kind}{"\t"}{.metadata.namespace}{"\t"}{.metadata.name}{"\t"}'
    r"{.metadata.annotations.pulumi\.com/patchFieldManager}{.metadata.labels.e2e}"
    r'{.metadata.ownerReferences[0].kind}{"\n"}{end}'
)
# Events and leases come and go by themselves; a Service's address, an object too, does not say whose it is.
# Endpoints go with their Service, and name it in no way but by its name.
_UNNAMED = {
    "endpoints",
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
    "ipaddresses.networking.k8s.io",
}
# Kubernetes and Istio put these into every namespace.
_OF_EVERY_NAMESPACE = {"default", "istio-ca-crl", "istio-ca-root-cert", "kube-root-ca.crt"}


class Object(NamedTuple):
    """An object of the cluster."""

    kind: str
    namespace: str
    name: str


def objects(mark: str) -> set[Object]:
    """Every object of every kind that is the test's own, by the mark in its name or namespace, or nobody's.

    Other tests may run at the same time: what other stacks made, the namespaces of other tests, and what they label
    with `e2e` in a namespace of everybody's are left out, and what goes with the object that owns it.
    """
    kinds = set(kubectl("api-resources", "--verbs=list", "--output=name").split()) - _UNNAMED
    listed = kubectl("get", ",".join(sorted(kinds)), "--all-namespaces", f"--output=jsonpath={_COLUMNS}")
    found = set()
    for line in listed.splitlines():
        *named, others = line.split("\t")
        made = Object(*named)
        whose = made.namespace + made.name
        if made.name not in _OF_EVERY_NAMESPACE and (mark in whose or not (others or "e2e-" in whose)):
            found.add(made)
    return found
