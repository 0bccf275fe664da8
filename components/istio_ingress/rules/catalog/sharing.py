"""Rules about certificates that are valid for the hosts of two servers: HTTP/2 clients then mix their connections."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules import hosts
from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, HTTPS_SERVER, OTHER_GATEWAY
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.values import MalformedError, UnknownValueError
from istio_ingress.rules.words import some
from istio_ingress.x509 import Certificate, UnreadableError

_TLS = "\n    tls: {mode: SIMPLE, credentialName: shop-credential}\n"
_OTHER = f"{OTHER_GATEWAY}\n{HTTPS_SERVER.replace('shop', 'blog')}{_TLS.replace('shop', 'blog')}"
_PAIR = "\n  tls.crt: certificate(shop.example, blog.example)\n  tls.key: private_key(shop.example)\n"
_PROBLEM = (
    "Istio traffic management problems: 404 errors when multiple gateways share a certificate; RFC 9113 section 9.1.1"
)


@rule(
    Index,
    "certificate-shared",
    Severity.WARNING,
    source=f"{_PROBLEM}; istio pkg/config/analysis IST0138 GatewayDuplicateCertificate; istio/istio#9429, #13589",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}{_TLS}---\n{_OTHER}".replace("blog-credential", "shop-credential"),
        (f"[blog.example]{_TLS}", f"[blog.example]{_TLS.replace('shop', 'blog')}"),
    ),
)
def certificate_shared(index: Index, _: Index) -> Iterator[Problem]:
    """Clients reuse an HTTP/2 connection for every host of its certificate; another server's hosts answer 404 there."""
    for group in index.listeners.groups:
        by_certificate: dict[str | bytes, list[Server]] = {}
        for server in group:
            for identity in _identities(server, index):
                by_certificate.setdefault(identity, []).append(server)
        reported: set[tuple[int, int]] = set()
        for identity, servers in by_certificate.items():
            others: dict[int, list[Server]] = {}
            for first, second in index.listeners.pairs(servers):
                pair = id(first), id(second)
                if pair not in reported and first is not second and not set(first.hosts) & set(second.hosts):
                    reported.add(pair)
                    others.setdefault(id(first), [first]).append(second)
            for first, second, *rest in others.values():
                what = f"credential {identity!r}" if isinstance(identity, str) else "certificate"
                yield Problem(
                    second.gateway,
                    second.node.path,
                    f"The {what} with the hosts {some(second.hosts)} on port {second.port.number('number')} is also on "
                    f"{some([first, *rest])}: HTTP/2 clients reuse connections between them.",
                    "List the hosts on one server, or give each server a certificate for its own hosts only.",
                )


@rule(
    Index,
    "certificate-overlap",
    Severity.WARNING,
    source=f"{_PROBLEM}; istio/istio#51233, #49023, #32592",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}{_TLS}---\n{_OTHER}---\n{CREDENTIAL}{_PAIR}",
        ("certificate(shop.example, blog.example)", "certificate(shop.example)"),
    ),
    reads_certificates=True,
)
def certificate_overlap(index: Index, _: Index) -> Iterator[Problem]:
    """A certificate that is also valid for another server's host: clients reuse the connection and get 404 there."""
    for group in index.listeners.groups:
        owners = _owners(group)
        seen: set[bytes] = set()
        for server in group:
            served = hosts.HostMap((host, server) for host in server.hosts)
            for certificate in _leaves(server, index):
                if certificate.fingerprint in seen:
                    continue
                seen.add(certificate.fingerprint)
                for name in certificate.names:
                    other = next(
                        (
                            one
                            for one in owners.get(name, [])
                            if not any(served.meets(host) for host in one.hosts)
                            and certificate not in _leaves(one, index)
                            and index.listeners.meet(server.gateway, one.gateway)
                        ),
                        None,
                    )
                    if other:
                        yield Problem(
                            server.gateway,
                            server.node.path,
                            f"Its certificate is valid for {name!r} too, and {other} serves {some(other.hosts)} on the "
                            "same port: HTTP/2 clients reuse its connections for that.",
                            "Issue each server a certificate for its own hosts only, or list the hosts on one server.",
                        )


def _owners(group: list[Server]) -> dict[str, list[Server]]:
    """The TLS servers by the subjectAltNames that hold for their hosts: the host itself and the wildcard over it."""
    found: dict[str, list[Server]] = {}
    for server in group:
        for host in server.hosts if server.is_tls else ():
            for name in {*hosts.names_for(host)}:
                found.setdefault(name, []).append(server)
    return found


def _leaves(server: Server, index: Index) -> list[Certificate]:
    found = []
    for credential in index.credentials_of(server):
        try:
            found.append(credential.leaf)
        except (UnknownValueError, MalformedError, UnreadableError):
            continue
    return found


def _identities(server: Server, index: Index) -> Iterator[str | bytes]:
    """What makes two servers' certificates one: the name of the credential, or what is in it."""
    try:
        if server.terminates:
            yield from server.credential_names
        for credential in index.credentials_of(server):
            yield credential.secret.value(credential.pair[0])
    except (UnknownValueError, MalformedError, UnreadableError):
        return
