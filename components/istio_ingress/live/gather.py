"""Asks the cluster and the stack for what the doctor and the map read: each thing once, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from istio_ingress.live import cluster
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.live.facts import ClusterFacts, GatewayName
from istio_ingress.live.scope import Scope
from istio_ingress.live.tools import stack_config, stack_outputs
from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.rules.resources import MUTUAL_MODES, Server
from istio_ingress.rules.values import known

T = TypeVar("T")


def cluster_facts(scope: Scope) -> ClusterFacts:
    """The objects of the cluster with the Secrets that its Gateways name, and the stack's outputs."""
    with ThreadPoolExecutor() as pool:
        outputs_asked = pool.submit(attempt, _outputs, scope)
        config_asked = pool.submit(config, scope)
        if not scope.namespaces:
            objects_asked = pool.submit(cluster.ask)
        outputs = outputs_asked.result()
        gateway = scope.gateway or gateway_of(outputs)
        found = cluster.ask([*scope.namespaces, gateway.namespace]) if scope.namespaces else objects_asked.result()
    # What Istio does not look for elsewhere is not looked for elsewhere here.
    settings = replace(scope.settings(config_asked.result()), gateway_namespaces={"": gateway.namespace})
    facts = ClusterFacts(now(), found, outputs, gateway, settings, has_stack=scope.gateway is None)
    if isinstance(found.server, LiveError):
        return replace(facts, cluster=found.with_secrets(NotAskedError("the cluster does not answer")))
    whole = found.with_secrets(attempt(cluster.secrets, gateway.namespace, _credentials(facts)))
    return replace(facts, cluster=whole, settings=replace(settings, complete=whole.has_everything()))


def gateway_of(outputs: Mapping[str, Any] | LiveError) -> GatewayName:
    """The gateway that a stack's outputs name, or else the one that `istioctl install` makes."""
    told = {} if isinstance(outputs, LiveError) else outputs.get("gateway")
    told, default = told if isinstance(told, Mapping) else {}, GatewayName()
    return GatewayName(told.get("namespace", default.namespace), told.get("service", default.service))


def config(scope: Scope) -> Mapping[str, Any] | LiveError:
    """The configuration of the stack, unless no stack was asked for."""
    return attempt(_config, scope)


def servers(facts: ClusterFacts) -> Iterator[Server]:
    """The servers of the Gateways that the gateway's pods serve."""
    for gateway in facts.gateways:
        yield from gateway.servers


def attempt(ask: Callable[..., T], *arguments: Any) -> T | LiveError:
    """What a question gives, or why it could not be answered."""
    try:
        return ask(*arguments)
    except LiveError as error:
        return error


def now() -> datetime:
    """The moment, with its time zone."""
    return datetime.now(UTC)


def _outputs(scope: Scope) -> Mapping[str, Any]:
    return {} if scope.gateway else stack_outputs(show_secrets=True)


def _config(scope: Scope) -> Mapping[str, Any]:
    return {} if scope.gateway else stack_config()


def _credentials(facts: ClusterFacts) -> list[str]:
    """The names under which the gateway may look for Secrets."""
    names: set[str] = set()
    for server in servers(facts):
        read = facts.credentials_of(server)
        names.update(read)
        if known(getattr, server, "mode") in MUTUAL_MODES:
            told = known(lambda server=server: server.tls.text("caCertCredentialName"))  # type: ignore[misc]
            base = (told or (read or [""])[0]).removesuffix(CA_SUFFIX)
            names |= {base, base + CA_SUFFIX} if base and "/" not in base else set()
    return sorted(names)
