"""The gateway itself: where it is reached, its pods, and what they may read."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, warning
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import certain
from istio_ingress.topology.backends import why_not_ready
from istio_ingress.topology.manifests import name_of


def address(facts: Facts) -> Iterator[Line]:
    """A client outside can reach the gateway's Service."""
    subject = f"Service {facts.gateway}"
    namespace = facts.gateway.namespace
    if facts.cluster.find("Service", namespace, facts.gateway.service) is None:
        seen = "it does not exist, so there is no way in"
        yield failed(
            subject, seen, "kubectl get services -A; the output `gateway` of the stack, or --gateway, names it"
        )
        return
    _ = facts.pods  # where they cannot be asked for, that is said instead
    try:
        found = facts.address
    except LiveError as error:
        yield failed(subject, str(error), f"kubectl get service,pods -n {namespace}")
        return
    numbers = (port["port"] for port in facts.service["spec"].get("ports") or [])
    reached = [f"{number} at {found.by_number[number]}" for number in numbers if number in found.by_number]
    yield ok(subject, f"{found.host}, port {', '.join(reached)}; found as {found.source}")


def pods(facts: Facts) -> Iterator[Line]:
    """The gateway's pods take requests."""
    found, ready = facts.pods, facts.ready_pods
    subject = f"pods of {facts.gateway}"
    namespace = facts.gateway.namespace
    if not found:
        labels = ",".join(f"{key}={value}" for key, value in (facts.service["spec"].get("selector") or {}).items())
        deployment = name_of(facts.deployment)[1] if facts.deployment else ""
        if facts.deployment and facts.deployment["spec"].get("replicas") == 0:
            seen, step = (
                f"Deployment {deployment} is scaled to 0",
                f"kubectl scale deployment -n {namespace} {deployment}",
            )
            yield failed(subject, f"there is none: {seen}", f"{step} --replicas=1")
        else:
            yield failed(
                subject, f"there is none with the labels {labels}", f"kubectl get deployments,pods -n {namespace}"
            )
        return
    waiting = [f"{name_of(pod)[1]}: {why_not_ready(pod)}" for pod in found if pod not in ready]
    seen = f"{len(ready)} of {len(found)} ready" + (f" ({'; '.join(waiting[:3])})" if waiting else "")
    if not waiting:
        yield ok(subject, seen)
    else:
        say = warning if ready else failed
        first = next(name_of(pod)[1] for pod in found if pod not in ready)
        yield say(subject, seen, f"kubectl describe pod -n {namespace} {first}")


def rights(facts: Facts) -> Iterator[Line]:
    """Istiod serves Secrets only to gateways whose service account may list them."""
    namespace = facts.gateway.namespace
    subject = f"service account {namespace}/{facts.account}"
    if certain(facts.may_read_secrets):
        yield ok(subject, f"may list the Secrets of {namespace}")
    else:
        yield failed(
            subject,
            f"may not list the Secrets of {namespace}: istiod serves no credential to the gateway (it asks again every "
            "minute)",
            f"kubectl get role,rolebinding -n {namespace}; bind a Role with get, list and watch on secrets",
        )
