"""Servers that Istio keeps side by side and Envoy does not: the listener of their port is refused whole."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTPS_SERVER, OTHER_GATEWAY
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import known

_TLS = "\n    tls: {mode: SIMPLE, credentialName: shop-credential}\n"
_OUTCOME = "Envoy refuses the listener, and no server of the port answers."


@rule(
    Index,
    "listener-refused",
    Severity.ERROR,
    source="envoy source/common/listener_manager/filter_chain_manager_impl.cc addFilterChains (duplicate matchers)",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}{_TLS}---\n{OTHER_GATEWAY}\n"
        f"{HTTPS_SERVER.replace('[shop', '[blog/shop')}{_TLS.replace('shop-', 'blog-')}",
        ("[blog/shop", "[blog/blog"),
    ),
)
def listener_refused(index: Index, _: Index) -> Iterator[Problem]:
    """Where two servers of a port ask for the same connections, Envoy takes none of them: the port is dead.

    Istio drops the younger of two TLS servers only where their hosts are written alike.
    """
    for group in index.listeners.sockets:
        yield from _written_twice([server for server in group if server.is_http], index)
        ending = [server for server in group if server.ends_tls_for_http]
        yield from _ended_twice(ending, index)
        passing = {id(server) for server in group if server.route_kinds == ("tls",)}
        for service in index.virtual_services.items if ending and passing else ():
            yield from known(_passed_and_ended, service, passing, ending, index) or ()


def _written_twice(servers: list[Server], index: Index) -> Iterator[Problem]:
    """Plain HTTP servers on all addresses of a port, some of which say so."""
    for first, second in index.listeners.pairs(servers):
        bind, other = second.node.text("bind"), first.node.text("bind")
        if bind != other:
            yield Problem(
                second.gateway,
                second.node.at("bind"),
                f"On port {second.port.number('number')} this server has {_told(bind)} and {first} has {_told(other)}, "
                f"which means the same addresses: {_OUTCOME}",
                "Write bind in both, or in neither.",
            )


def _ended_twice(servers: list[Server], index: Index) -> Iterator[Problem]:
    """Servers that end TLS for the same server name, and that Istio takes for different ones."""
    by_name: dict[str, list[Server]] = {}
    for server in servers:
        for name in dict.fromkeys(server.hosts):
            by_name.setdefault(name, []).append(server)
    told: set[tuple[int, int]] = set()
    for name, owners in by_name.items():
        for first, second in index.listeners.pairs(owners):
            if not _told_apart(first, second) or (id(first), id(second)) in told:
                continue
            told.add((id(first), id(second)))
            yield Problem(
                second.gateway,
                second.node.path,
                f"The host {name!r} on port {second.port.number('number')} is also on {first}, "
                f"with {_difference(first, second)} and for the same pods: {_OUTCOME}",
                "Let one server carry the host, or give them different ports.",
            )


def _passed_and_ended(service: VirtualService, passing: set[int], ending: list[Server], index: Index) -> list[Problem]:
    """Server names that a VirtualService passes on, and for which another server of the port ends TLS."""
    found: dict[str, Problem] = {}
    servers = {id(one.server): one.server for one in index.bindings(service) if id(one.server) in passing}
    for server in servers.values():
        number, gateway = server.port.number("number"), "/".join(server.gateway.key)
        rivals = [
            one for one in ending if index.listeners.meet(one.gateway, server.gateway) and _told_apart(one, server)
        ]
        for route, matches in zip(service.spec.nodes("tls"), service.matches["tls"], strict=True):
            for match in (match for match in matches if match.is_for(gateway, number)):
                for name in sorted(match.conditions.get("sniHosts", ("", ""))[1]):
                    rival = next((one for one in rivals if name in one.hosts), None)
                    if rival:
                        message = (
                            f"{name!r} is passed through on port {number}, and {rival} ends TLS for it: {_OUTCOME}"
                        )
                        remedy = "Pass it through, or end TLS for it; or give them different ports."
                        found.setdefault(route.path, Problem(service, route.path, message, remedy))
    return list(found.values())


def _told_apart(first: Server, second: Server) -> bool:
    """Whether Istio keeps both: it compares bind and hosts as they are written, and drops the younger of two alike."""
    alike = first.node.text("bind") == second.node.text("bind")
    return not (alike and set(first.written_hosts) & set(second.written_hosts))


def _difference(first: Server, second: Server) -> str:
    """Why Istio takes two servers for different ones."""
    bind, other = second.node.text("bind"), first.node.text("bind")
    return "the host written in another way" if bind == other else f"{_told(other)}, where this has {_told(bind)},"


def _told(bind: str) -> str:
    return f"bind {bind!r}" if bind else "no bind"
