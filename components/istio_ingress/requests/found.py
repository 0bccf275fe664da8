"""Which expectations there are: those that the stack's objects carry in the cluster, or all objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from istio_ingress import terminal
from istio_ingress.expected import Expected, expected_of
from istio_ingress.live import address, declared, gather, tools
from istio_ingress.live import world as live
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.declared import Declared
from istio_ingress.live.errors import LiveError
from istio_ingress.requests.checks import AddressOf
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import VirtualService
from istio_ingress.topology.manifests import name_of
from istio_ingress.walk import Knowledge, World


@dataclass(frozen=True)
class Found:
    """The cluster and the stack, and what their objects expect."""

    world: World
    expected: list[Expected]
    outputs: Mapping[str, Any]
    address_of: AddressOf


def find(*, whole_cluster: bool) -> Found:
    """Ask the cluster and the stack.

    Args:
        whole_cluster: Of all objects, where the stack's are not enough, or there is no stack.

    Raises:
        LiveError: one of them does not answer.
    """
    knowledge = Knowledge(has_pods=True, now=datetime.now(UTC))
    with ThreadPoolExecutor() as pool:
        cluster_asked = pool.submit(live.whole, knowledge, terminal.note)
        outputs_asked = pool.submit(gather.attempt, lambda: tools.stack_outputs(show_secrets=True))
        state_asked = pool.submit(gather.attempt, declared.ask)
        outputs, state = outputs_asked.result(), state_asked.result()
        for answer in () if whole_cluster else (outputs, state):
            if isinstance(answer, LiveError):
                raise answer
        world, _ = cluster_asked.result()
    told = {} if isinstance(outputs, LiveError) else outputs
    expected = expected_of(world)
    if not whole_cluster and not isinstance(state, LiveError):
        expected = of_objects(expected, state)
    return Found(world, expected, told, addresses(world, told))


def of_objects(expected: list[Expected], objects: Iterable[Declared]) -> list[Expected]:
    """Those that one of these objects carries in the cluster."""
    keys = {(one.manifest["kind"], *name_of(one.manifest)) for one in objects}
    return [one for one in expected if (one.owner.kind, *one.owner.labelled()) in keys]


def at_gateway(world: World, gateway: str) -> list[Expected]:
    """What is expected of a gateway, given by its Service as `namespace/name`; Ingresses name none."""
    found = expected_of(world)
    owners = {id(one.owner): one.owner for one in found if isinstance(one.owner, VirtualService)}
    elsewhere = {
        key
        for key, owner in owners.items()
        if gateway not in ["/".join(service.labelled()) for service in world.services_of(owner)]
    }
    return [one for one in found if id(one.owner) not in elsewhere]


def addresses(world: World, outputs: Mapping[str, Any]) -> AddressOf:
    """Where objects' hosts are asked: at a Service before the pods of their Gateways, or the stack's gateway."""
    default = gather.gateway_of(outputs)

    @cache
    def at(namespace: str, name: str) -> IngressAddress:
        return address.find(namespace, name)

    def of(owner: Resource) -> IngressAddress:
        services = world.services_of(owner) if isinstance(owner, VirtualService) else []
        names = [service.labelled() for service in services]
        if not names or (default.namespace, default.service) in names:
            return at(default.namespace, default.service)
        reached = [gather.attempt(at, *one) for one in names]
        found = next((one for one in reached if isinstance(one, IngressAddress)), None)
        return found or at(*names[0])

    return of
