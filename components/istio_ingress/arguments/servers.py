"""Servers: hosts that share a credential stand on one, each with routes of its own.

Clients reuse an HTTP/2 connection for every name that its certificate covers. On one server any of them is answered by
its own routes; on two, the connection's server would answer for the other's hosts: with 404, or from the wrong backend.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pulumi

from ..names import fit
from ..refusal import Complaint
from ..rules.hosts import is_within
from .hosts import GatewayHost
from .overlap import overlap
from .schema import known


@dataclass(frozen=True)
class TlsServer:
    """The hosts of one credential, in the order of the arguments."""

    hosts: Sequence[GatewayHost]

    @property
    def label(self) -> str:
        """What its port is called after.

        Of several hosts it names all: Envoy then gets the routes of a changed server under a new name, before it takes
        the first connection with it.
        """
        first = self.hosts[0].label
        if len(self.hosts) == 1:
            return first
        digest = hashlib.sha256(json.dumps([host.label for host in self.hosts]).encode()).hexdigest()
        return fit(first, digest[:8])

    @property
    def admitted(self) -> Sequence[pulumi.Input[str]]:
        """The hosts that it answers for, as a Gateway has them.

        Beside a wildcard no name of another host that it covers: Istio would give that name the wildcard's routes too.
        """
        pairs = [pair for host in self.hosts for pair in zip(host.served, host.admitted, strict=True)]
        wide = {name for name, _ in pairs if isinstance(name, str) and name.startswith("*") and len(self.hosts) > 1}
        return [one for name, one in pairs if not (isinstance(name, str) and is_within(name, wide - {name}))]

    @property
    def certified(self) -> Sequence[pulumi.Input[str]]:
        """The names that its certificate must be for."""
        return [name for host in self.hosts for name in host.certified]


def by_credential(hosts: Iterable[GatewayHost]) -> list[TlsServer]:
    """The servers of a Gateway, in the order of their first hosts."""
    shared: dict[Hashable, list[GatewayHost]] = {}
    for host in hosts:
        shared.setdefault(_credential(host), []).append(host)
    return [TlsServer(together) for together in shared.values()]


def _credential(host: GatewayHost) -> Hashable:
    """What is the same of two hosts with one credential."""
    if host.existing_credential is not None:
        return "existing", _identity(host.existing_credential)
    if host.given_certificate is not None:
        return "given", _identity(host.given_certificate["certificate"]), host.credential_name
    return host.path


def _identity(value: pulumi.Input[str]) -> Hashable:
    return value if isinstance(value, str) else id(value)


def complaints(servers: Sequence[TlsServer]) -> Iterator[Complaint]:
    """Names for which a client could end up at another host's routes."""
    for server in servers:
        counted = Counter(name for host in server.hosts for name in {*filter(known, host.names)})
        for name in (name for name, times in counted.items() if times > 1):
            yield Complaint("hosts", name, "a name of one host: two have it")
    covered = overlap([str(name) for host in server.hosts for name in host.names if known(name)] for server in servers)
    if covered:
        wanted = (
            f"apart from '{covered.wider}', which covers it: HTTP/2 clients would send its requests there, unless both "
            "have one existing_credential or given_certificate"
        )
        yield Complaint("hosts", covered.narrower, wanted)
