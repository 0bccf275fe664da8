"""Who listens on which port of the gateway: Gateways and Ingresses, and where they are in each other's way."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.checks import owners
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, ok, warning
from istio_ingress.live.errors import LiveError
from istio_ingress.rules.values import known
from istio_ingress.rules.words import some
from istio_ingress.topology import ingresses
from istio_ingress.topology.ingresses import called
from istio_ingress.topology.manifests import name_of


def check(facts: Facts) -> Iterator[Line]:
    """Every port with its Gateways and Ingresses, then what is wrong with that."""
    facts.cluster.of("Gateway")
    for port, users in sorted(_users(facts).items()):
        many = f"shared by {len(users)}: " if len(users) > 1 else ""
        yield ok(f"port {port}", f"{many}{some(users, 5)}")
    yield from owners.lines(owners.owned(facts, owners.PORTS))
    yield from _mixed(facts)
    yield from _other_controllers(facts)


def _users(facts: Facts) -> dict[int, dict[str, None]]:
    users: dict[int, dict[str, None]] = {}
    for gateway in facts.gateways:
        for server in gateway.servers:
            number = known(lambda server=server: server.port.number("number"))  # type: ignore[misc]
            users.setdefault(number or 0, {})[called(gateway)] = None
    return users


def _mixed(facts: Facts) -> Iterator[Line]:
    """Plain hosts that a Gateway and an Ingress both have: Istio mixes their routes."""
    owners_of: dict[tuple[str, int], set[str]] = {}
    for entry in facts.topology.entries:
        if entry.listener and not entry.listener.mode:
            owners_of.setdefault((entry.host, entry.listener.port), set()).add(entry.listener.resource)
    for (host, port), names in owners_of.items():
        if len(set(map(ingresses.is_ingress, names))) > 1:
            yield warning(
                f"host {host}",
                f"{' and '.join(sorted(names))} both have it on port {port}: their routes mix in no defined order",
                "Keep one of them.",
            )


def _other_controllers(facts: Facts) -> Iterator[Line]:
    """Ingresses of another controller that claims the same address."""
    try:
        host = facts.address.host
    except LiveError:
        return
    mine = {name_of(one) for one in facts.ingresses}
    for ingress in facts.cluster.of("Ingress"):
        status = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
        if name_of(ingress) not in mine and any(host in (one.get("ip"), one.get("hostname")) for one in status):
            name = "/".join(name_of(ingress))
            yield warning(
                f"Ingress {name}",
                f"another controller than Istio's serves it at the gateway's own address {host}",
                f"Give it the class of {ingresses.CONTROLLER}, or give one of the two another address.",
            )
