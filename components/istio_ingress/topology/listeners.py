"""The servers of Gateways as listeners, with what they read from Secrets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from istio_ingress.rules.hosts import covers
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import MUTUAL_MODES, Server
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import known
from istio_ingress.topology.findings import Troubles
from istio_ingress.topology.ingresses import called
from istio_ingress.topology.model import Listener, ListenerCertificate


@dataclass(frozen=True)
class PlannedCertificate:
    """A certificate that is yet to be issued, as a preview tells of it."""

    secret: tuple[str, str]
    """Namespace and name of the Secret that it will stand in; the name may be known only afterwards."""
    called: str
    """What to call it until then."""
    names: frozenset[str]
    """The hosts that it will be for."""
    days: int
    """How long it will be valid."""


def listener(server: Server, index: Index, troubles: Troubles, planned: Sequence[PlannedCertificate]) -> Listener:
    """One server, with the troubles of its Gateway and of its Secrets."""
    read = list(_read(server, index, planned))
    found = [*troubles.below(server.gateway, server.node.path), *troubles.besides(server.gateway, "spec.servers")]
    for secret, _ in read:
        found += troubles.besides(secret) if secret else []
    return Listener(
        resource=called(server.gateway),
        port=known(lambda: server.port.number("number")) or 0,
        protocol=known(lambda: server.port.text("protocol")) or "?",
        mode=known(lambda: server.mode) or ("without a mode" if known(lambda: server.is_tls) else ""),
        redirects=known(lambda: server.redirects) or False,
        certificates=[certificate for _, certificate in read],
        troubles=list(dict.fromkeys(found)),
    )


def _read(
    server: Server, index: Index, planned: Sequence[PlannedCertificate]
) -> Iterator[tuple[Secret | None, ListenerCertificate]]:
    def days(secret: Secret, keys: tuple[str, str] | None) -> int | None:
        found = secret.certificates(keys[0]) if keys else ()
        return min(((certificate.not_after - index.now).days for certificate in found), default=None)

    names = known(lambda: server.credential_names if server.terminates else [])
    if names is None:
        # The name is not known yet; the certificate is the one that is for the server's hosts.
        meant = [one for one in planned if all(covers(one.names, host) for host in server.hosts)]
        yield from ((None, ListenerCertificate(one.called, valid_for=one.days)) for one in meant[:1])
    days_planned = {one.secret: one.days for one in planned}
    for name in names or []:
        secrets = known(index.find_secrets, server, name)
        if not secrets:
            yield None, ListenerCertificate(name)
        for secret in secrets or []:
            left = known(days, secret, known(getattr, secret, "server_keys"))
            yield secret, ListenerCertificate(label(secret), False, left, days_planned.get(secret.labelled()))
    if known(lambda: server.mode in MUTUAL_MODES):
        ca = known(index.client_ca, server)
        if ca:
            yield ca, ListenerCertificate(label(ca), True, known(days, ca, known(getattr, ca, "ca_keys")))


def label(secret: Secret) -> str:
    """`namespace/name`."""
    return "/".join(secret.labelled())
