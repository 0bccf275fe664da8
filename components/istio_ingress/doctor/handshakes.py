"""Why a TLS handshake with the gateway fails, and the next step: always something to do, never another check."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.surroundings import Surroundings
from istio_ingress.live.cluster import SECRET
from istio_ingress.live.envoy import Envoy
from istio_ingress.live.errors import LiveError
from istio_ingress.rules.values import known
from istio_ingress.rules.words import some
from istio_ingress.topology import Entry

PASSTHROUGH = "PASSTHROUGH"
Reason = tuple[str, str]
"""What is the matter, and the next step."""


def why(facts: Facts, host: str, port: int) -> Reason:
    """The first reason that is found for a host on a Gateway's port; an empty one with a command where none is."""
    entries = [one for one in facts.topology.entries if one.listener and (one.host, one.listener.port) == (host, port)]
    return next(_reasons(facts, entries), ("", by_hand(facts, host, port)))


def by_hand(facts: Facts, host: str, port: int) -> str:
    """Commands that show what the gateway has for a host, and what it answers."""
    place = f"-n {facts.gateway.namespace} deploy/{facts.gateway.service}"
    try:
        address = f"{facts.address.host}:{facts.address.by_number.get(port, port)}"
    except LiveError:
        address = f"ADDRESS:{port}"
    name = host.replace("*", "any", 1)
    return f"istioctl proxy-config listeners {place} -o yaml; openssl s_client -connect {address} -servername {name}"


def new_secret(facts: Facts, name: str) -> str:
    """How a credential comes back."""
    command = f"kubectl create secret tls -n {facts.gateway.namespace} {name} --cert=… --key=…"
    return f"pulumi up --refresh where the stack has it, or else {command}"


def undelivered(facts: Facts, name: str) -> str:
    """How to find out why Envoy was not given a credential that is there."""
    if facts.may_read_secrets is False:
        namespace = facts.gateway.namespace
        return (
            f"kubectl create role secrets-reader -n {namespace} --verb=get,list,watch --resource=secrets; kubectl "
            f"create rolebinding secrets-reader -n {namespace} --role=secrets-reader "
            f"--serviceaccount={namespace}:{facts.account}"
        )
    return f"kubectl logs -n istio-system deploy/istiod | grep {name}"


def _reasons(facts: Facts, entries: list[Entry]) -> Iterator[Reason]:
    for entry in entries:
        if entry.listener and entry.listener.mode == PASSTHROUGH:
            yield from _behind(facts, entry)
        else:
            yield from _credentials(facts, entry)
        troubles = entry.listener.troubles if entry.listener else []
        yield from ((one.text.rstrip("."), one.remedy) for one in troubles if one.remedy and not one.is_warning)


def _credentials(facts: Facts, entry: Entry) -> Iterator[Reason]:
    """What the listener reads, and Envoy has not."""
    envoys = [one for one in facts.envoys.values() if isinstance(one, Envoy)]
    certificates = entry.listener.certificates if entry.listener else []
    for label in dict.fromkeys(one.secret for one in certificates if not one.is_ca):
        name = label.rpartition("/")[2]
        secret = known(facts.index.secrets.find, facts.gateway.namespace, name)
        if secret is None and not isinstance(facts.cluster.objects.get(SECRET), LiveError):
            yield f"Secret {facts.gateway.namespace}/{name} does not exist", new_secret(facts, name)
        elif envoys and all(name not in one.secrets for one in envoys):
            yield f"Envoy was not given {name}", undelivered(facts, name)


def _behind(facts: Facts, entry: Entry) -> Iterator[Reason]:
    """What keeps connections from whoever ends TLS behind the gateway."""
    for route in entry.routes:
        for backend in route.backends:
            yield from ((one.text.rstrip("."), one.remedy) for one in backend.troubles if one.remedy)
    policies = Surroundings(facts).gateway_policies("AuthorizationPolicy")
    if policies:
        yield (
            f"the gateway hands it on unread, and {some(policies)} is for its pods: a rule about HTTP (hosts, paths, "
            "methods) that denies takes every connection, one that allows takes none",
            "kubectl get authorizationpolicies -n "
            f"{policies[0].labelled()[0]} -o yaml; name the ports that its rules are for (to.operation.ports).",
        )
