"""The parts of an ingress as a request meets them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum


class Health(IntEnum):
    """How a part is doing; the greater, the worse."""

    OK = 0
    UNKNOWN = 1
    WARNING = 2
    BROKEN = 3


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with a part, and what would be right."""

    text: str
    remedy: str = ""
    is_warning: bool = False

    @property
    def health(self) -> Health:
        """What it makes of the part."""
        return Health.WARNING if self.is_warning else Health.BROKEN


@dataclass(frozen=True)
class Pod:
    """A pod behind a Service."""

    name: str
    reason: str = ""
    """Why it is not ready; empty where it is."""


@dataclass(eq=False)
class Backend:
    """A port of a Service, or another host that a route leads to, and the pods behind it."""

    name: str
    """`Service namespace/name`, or the host as the route writes it."""
    port: str = ""
    pods: list[Pod] = field(default_factory=list)
    promise: str = ""
    """What will run, where a preview says it."""
    is_known: bool = True
    """Whether it could be looked up."""
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def ready(self) -> int:
        """How many pods take requests."""
        return sum(1 for pod in self.pods if not pod.reason)

    @property
    def health(self) -> Health:
        """The worst of its troubles."""
        return max(worst(self.troubles), Health.OK if self.is_known else Health.UNKNOWN)


@dataclass(eq=False)
class Route:
    """One route of a VirtualService."""

    resource: str
    matches: tuple[str, ...]
    """Which requests it takes: `/status*`, `/hello`; empty is all of them."""
    backends: list[Backend] = field(default_factory=list)
    answer: str = ""
    """What the gateway answers itself: a redirect, a fixed response."""
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def health(self) -> Health:
        """The worst of its troubles."""
        return worst(self.troubles)


@dataclass(frozen=True)
class ListenerCertificate:
    """A certificate, or a CA bundle for clients, that a listener reads from a Secret."""

    secret: str
    """`namespace/name`."""
    is_ca: bool = False
    days_left: int | None = None
    valid_for: int | None = None
    """How many days a certificate that is yet to be issued will be valid."""


@dataclass(eq=False)
class Listener:
    """A server of a Gateway."""

    resource: str
    port: int
    protocol: str
    mode: str = ""
    """The TLS mode; empty on a plain one."""
    redirects: bool = False
    certificates: list[ListenerCertificate] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def health(self) -> Health:
        """The worst of its troubles."""
        return worst(self.troubles)

    @property
    def shows_certificate(self) -> bool:
        """Whether a client from outside gets a certificate for its host: the listener's own, or that of a backend."""
        return self.mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH")

    @property
    def title(self) -> str:
        """Port, protocol and TLS mode: `443 HTTPS SIMPLE`."""
        return " ".join(filter(None, [str(self.port or "?"), self.protocol, self.mode]))


@dataclass(eq=False)
class Entry:
    """A host on a listener, and its routes."""

    host: str
    listener: Listener | None
    """None where no server of a Gateway has the host."""
    routes: list[Route] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)

    @property
    def health(self) -> Health:
        """The worst on its whole way."""
        backends = [backend.health for route in self.routes for backend in route.backends]
        listener = [self.listener.health] if self.listener else []
        return max([worst(self.troubles), *listener, *(route.health for route in self.routes), *backends])


@dataclass(frozen=True)
class Topology:
    """Every host and its way to the pods, in the order of hosts."""

    entries: tuple[Entry, ...]

    def count(self, health: Health) -> int:
        """How many hosts are doing so, each by its worst entry."""
        by_host: dict[str, Health] = {}
        for entry in self.entries:
            by_host[entry.host] = max(entry.health, by_host.get(entry.host, Health.OK))
        return sum(1 for found in by_host.values() if found is health)

    @property
    def hosts(self) -> list[str]:
        """Every host once."""
        return list(dict.fromkeys(entry.host for entry in self.entries))


def worst(troubles: Iterable[Trouble]) -> Health:
    """The health of a part with these troubles."""
    return max((trouble.health for trouble in troubles), default=Health.OK)
