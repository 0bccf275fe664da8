"""Rules about servers that meet on one port and address of one gateway."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterator

from istio_ingress.rules import hosts
from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER, HTTPS_SERVER, OTHER_GATEWAY
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.values import known_of
from istio_ingress.rules.words import some

_MERGING = "istio pilot/pkg/model/gateway.go mergeGateways"
_TLS = "\n    tls: {mode: SIMPLE, credentialName: shop-credential}\n"
_OTHER_TLS = _TLS.replace("shop-", "blog-")


@rule(
    Index,
    "host-conflict",
    Severity.ERROR,
    source=f"{_MERGING}, CheckDuplicates; istio pkg/config/analysis IST0145 ConflictingGateways; istio/istio#23235",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}{_TLS}---\n{OTHER_GATEWAY}\n{HTTPS_SERVER}{_OTHER_TLS}",
        (f"{OTHER_GATEWAY}\n{HTTPS_SERVER}", f"{OTHER_GATEWAY}\n{HTTPS_SERVER.replace('shop', 'blog')}"),
    ),
)
def host_conflict(index: Index, _: Index) -> Iterator[Problem]:
    """Of two servers with `tls`, be it only a redirect, and one host on a port Istio drops the younger whole."""
    for group in index.listeners.groups:
        for first, second, shared in _sharing(
            [server for server in group if "tls" in server.node], index, written=True
        ):
            if _redirects_the_same(first, second):
                continue
            yield Problem(
                second.gateway,
                second.node.path,
                f"{shared}: the older server stays, the other is dropped with all its hosts.",
                "Let one server carry the host, or give them different ports.",
            )


@rule(
    Index,
    "port-protocol-conflict",
    Severity.ERROR,
    source=f"{_MERGING}, canMergeProtocols; istio/istio#27481",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{OTHER_GATEWAY}\n{HTTP_SERVER}\n".replace(
            f"{OTHER_GATEWAY}\n{HTTP_SERVER}",
            f"{OTHER_GATEWAY}\n  - port: {{number: 80, name: tcp, protocol: TCP}}\n    hosts: [blog.example]",
        ),
        ("{number: 80, name: tcp", "{number: 9000, name: tcp"),
    ),
)
def port_protocol_conflict(index: Index, _: Index) -> Iterator[Problem]:
    """Plain HTTP, TLS and TCP cannot share a port and address: Istio drops the younger server without a word."""
    for group in index.listeners.groups:
        if {_family(server) for server in group} in ({"HTTP"}, {"TLS"}):
            continue  # as on most ports
        for first, second in index.listeners.pairs(group):
            if _family(first) != _family(second) or _family(second) == "TCP":
                both_tcp = _family(first) == _family(second)
                yield Problem(
                    second.gateway,
                    second.node.path,
                    f"The protocol {second.port.text('protocol')} on port {second.port.number('number')} meets "
                    f"{first.port.text('protocol')} of {first}, for the same pods: the older server stays"
                    + (", for plain TCP has no hosts that would tell them apart." if both_tcp else "."),
                    "Give one of them another port."
                    if both_tcp
                    else "Give one of them another port, or the same kind of protocol.",
                )


@rule(
    Index,
    "host-shared",
    Severity.WARNING,
    source="istio pkg/config/analysis IST0145 ConflictingGateways; pilot/pkg/networking/core/gateway.go vHostDedupMap",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n    tls: {{httpsRedirect: true}}\n---\n{OTHER_GATEWAY}\n{HTTP_SERVER}\n",
        (f"{OTHER_GATEWAY}\n{HTTP_SERVER}", f"{OTHER_GATEWAY}\n{HTTP_SERVER.replace('shop', 'blog')}"),
    ),
)
def host_shared(index: Index, _: Index) -> Iterator[Problem]:
    """Two plain HTTP servers with one host become one: a redirect to HTTPS on one of them is a redirect on both."""
    for group in index.listeners.groups:
        for first, second, shared in _sharing([server for server in group if server.is_http], index, _routed(index)):
            if first.redirects != second.redirects and not ("tls" in first.node and "tls" in second.node):
                redirecting = first if first.redirects else second
                yield Problem(
                    second.gateway,
                    second.node.path,
                    f"{shared}: the redirect to HTTPS of {redirecting.gateway} is then a redirect of both.",
                    "Let one server carry the host, and bind the VirtualServices to its Gateway.",
                )


@rule(
    Index,
    "host-overlap",
    Severity.WARNING,
    source="Istio traffic management problems: 404 errors when multiple gateways share a certificate; "
    "istio/istio#26972, #53662, #13589",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER.replace('shop', '*.shop')}{_TLS}---\n{OTHER_GATEWAY}\n"
        f"{HTTPS_SERVER.replace('shop', 'www.shop')}{_OTHER_TLS}".replace("[*.shop.example]", "['*.shop.example']"),
        ("'*.shop.example'", "cart.shop.example"),
    ),
)
def host_overlap(index: Index, _: Index) -> Iterator[Problem]:
    """A TLS wildcard beside one of its own names: the wildcard's certificate covers that name too.

    HTTP/2 clients reuse the wildcard's connections for it and get 404 or the wrong backend.
    """
    for group in index.listeners.groups:
        by_host = _by_host([server for server in group if server.is_tls])
        for host, servers in by_host.items():
            for server in servers:
                wider = (
                    (wildcard, one)
                    for wildcard in hosts.names_for(host)[1:]
                    for one in by_host.get(wildcard, ())
                    if wildcard != host
                    and one is not server
                    and one.terminates
                    and index.listeners.meet(one.gateway, server.gateway)
                )
                for wildcard, other in itertools.islice(wider, 1):
                    yield Problem(
                        server.gateway,
                        server.node.path,
                        f"The host {host!r} on port {server.port.number('number')} is one of {wildcard!r} on {other}, "
                        "for the same pods: HTTP/2 clients with a connection to the wildcard reuse it for this host.",
                        "Put both hosts on one server with one certificate, or give them different ports.",
                    )


def _redirects_the_same(first: Server, second: Server) -> bool:
    """Whether all that is lost with one of two servers is a redirect that the other has too."""
    both = first.is_http and second.is_http and first.redirects and second.redirects
    return both and set(first.hosts) == set(second.hosts)


def _routed(index: Index) -> set[str]:
    """The wildcards for which VirtualServices have routes: only those of a server are hosts of Envoy."""
    services = index.virtual_services.items
    return {host for service in services for host in known_of(service, "hosts") or () if host.startswith("*")}


def _sharing(
    servers: list[Server], index: Index, wildcards: Container[str] | None = None, *, written: bool = False
) -> Iterator[tuple[Server, Server, str]]:
    """Servers that meet on the same hosts: the older one, the younger one, and the hosts in words.

    With `wildcards`, only those count, and all hosts that are none. With `written`, hosts are compared as Istio does.
    """
    found: dict[tuple[int, int], tuple[Server, Server, list[str]]] = {}
    for host, owners in _by_host(servers, written=written).items():
        if wildcards is not None and host.startswith("*") and host not in wildcards:
            continue
        for first, second in index.listeners.pairs(owners):
            found.setdefault((id(first), id(second)), (first, second, []))[2].append(repr(host))
    for first, second, shared in found.values():
        port = second.port.number("number")
        one = (
            f"The host {shared[0]} on port {port} is"
            if len(shared) == 1
            else f"The hosts {some(shared)} on port {port} are"
        )
        yield first, second, f"{one} also on {first}, for the same pods"


def _by_host(servers: list[Server], *, written: bool = False) -> dict[str, list[Server]]:
    found: dict[str, list[Server]] = {}
    for server in servers:
        for host in dict.fromkeys(server.written_hosts if written else server.hosts):
            found.setdefault(host, []).append(server)
    return found


def _family(server: Server) -> str:
    """What shares a port: plain HTTP with plain HTTP, TLS with TLS by SNI; plain TCP with nothing."""
    if server.is_http:
        return "HTTP"
    return "TLS" if server.is_tls else "TCP"
