"""A topology as boxes in columns and lines between them, for whatever draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from istio_ingress.topology import (
    Backend,
    Entry,
    Health,
    Listener,
    ListenerCertificate,
    Route,
    Topology,
    Trouble,
)

COLUMNS = ("Hosts", "Listeners", "Routes", "Services", "Pods")
HOSTS, LISTENERS, ROUTES, SERVICES, PODS = range(len(COLUMNS))
#: More pods, or matches of a route, are counted rather than named.
NAMED = 3
#: A Service that more routes lead to is drawn again: its box would be too far away to follow the lines.
NEAR = 8


@dataclass(eq=False)
class Box:
    """One box."""

    column: int
    titles: list[str]
    details: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    at_best: Health = Health.OK
    """However few its troubles are."""
    id: str = ""

    @property
    def health(self) -> Health:
        """The worst of its troubles."""
        return max([self.at_best, *(trouble.health for trouble in self.troubles)])


@dataclass(frozen=True)
class Graph:
    """The boxes of all columns, in the order in which they should stand, and pairs of those that are joined."""

    boxes: tuple[Box, ...]
    lines: tuple[tuple[Box, Box], ...]
    summary: str

    def column(self, number: int) -> list[Box]:
        """The boxes of one column."""
        return [box for box in self.boxes if box.column == number]


def graph(topology: Topology) -> Graph:
    """Hosts that share every listener and route share a box."""
    drawing = _Drawing()
    for hosts, entries in _alike(topology.entries):
        drawing.add(hosts, entries)
    return Graph(tuple(drawing.numbered()), tuple(drawing.lines), _summary(topology))


def _alike(entries: Iterable[Entry]) -> Iterator[tuple[list[str], list[Entry]]]:
    by_host: dict[str, list[Entry]] = {}
    for entry in entries:
        by_host.setdefault(entry.host, []).append(entry)
    groups: dict[tuple[object, ...], list[str]] = {}
    for host, own in by_host.items():
        same = tuple(
            (id(one.listener), *map(id, one.routes), *(trouble.text for trouble in one.troubles)) for one in own
        )
        groups.setdefault(same, []).append(host)
    for hosts in groups.values():
        yield hosts, by_host[hosts[0]]


class _Drawing:
    def __init__(self) -> None:
        self._boxes: list[Box] = []
        self._routes: dict[int, Box] = {}
        self._services: dict[int, tuple[int, Box]] = {}
        self.lines: dict[tuple[Box, Box], None] = {}

    def add(self, hosts: list[str], entries: list[Entry]) -> None:
        """A box for the hosts, and what it leads to."""
        # A host is as well as its whole way, so that those that are not are found in the first column.
        host = Box(HOSTS, hosts, at_best=max(entry.health for entry in entries))
        self._boxes.append(host)
        for entry in entries:
            if entry.listener and entry.listener.redirects and not entry.listener.troubles:
                host.details.append(f"port {entry.listener.port}: redirected to https")
                continue
            listener = _listener(entry)
            self._boxes.append(listener)
            self.lines[host, listener] = None
            for route in entry.routes:
                self._lead(listener, route)

    def numbered(self) -> Iterator[Box]:
        """The boxes with their ids."""
        for number, box in enumerate(self._boxes):
            box.id = f"{'hlrsp'[box.column]}{number}"
            yield box

    def _lead(self, listener: Box, route: Route) -> None:
        is_new = id(route) not in self._routes
        box = self._routes.setdefault(id(route), _route(route))
        self.lines[listener, box] = None
        if is_new:
            self._boxes.append(box)
            for backend in route.backends:
                self.lines[box, self._service(backend)] = None

    def _service(self, backend: Backend) -> Box:
        row = len(self._routes)
        first, box = self._services.get(id(backend), (-NEAR, Box(SERVICES, [])))
        if row - first < NEAR:
            return box
        box = _service(backend)
        self._services[id(backend)] = row, box
        self._boxes.append(box)
        if backend.pods or backend.promise:
            pods = _pods(backend)
            self._boxes.append(pods)
            self.lines[box, pods] = None
        return box


def _listener(entry: Entry) -> Box:
    found: Listener | None = entry.listener
    if found is None:
        return Box(LISTENERS, ["no listener"], troubles=entry.troubles)
    details = [found.resource, *(_certificate(certificate) for certificate in found.certificates)]
    return Box(LISTENERS, [found.title], details, [*found.troubles, *entry.troubles])


def _certificate(certificate: ListenerCertificate) -> str:
    what = "client CA" if certificate.is_ca else "certificate"
    name = certificate.secret.rpartition("/")[2]
    if certificate.days_left is not None:
        return f"{what} {name}, {_days(certificate.days_left)}"
    return f"{what} {name}" + (f", valid {certificate.valid_for} days" if certificate.valid_for else "")


def _days(left: int) -> str:
    return f"{left} days left" if left >= 0 else "ended"


def _route(route: Route) -> Box:
    rest = len(route.matches) - NAMED
    more = [f"and {rest} more"] if rest > 0 else []
    matches = [", ".join([*route.matches[:NAMED], *more])] if route.matches else ["everything"]
    return Box(ROUTES, matches, [*([route.answer] if route.answer else []), route.resource], route.troubles)


def _service(backend: Backend) -> Box:
    kind, space, name = backend.name.rpartition(" ")
    title = f"{name}:{backend.port}" if backend.port else name
    details = [f"{kind}{space}".strip()] if kind else []
    troubles = [] if backend.pods else backend.troubles
    if backend.is_known:
        return Box(SERVICES, [title], details, troubles)
    return Box(SERVICES, [title], [*details, "not seen"], troubles, Health.UNKNOWN)


def _pods(backend: Backend) -> Box:
    if not backend.pods:
        return Box(PODS, [backend.promise])
    waiting = [f"{pod.name}: {pod.reason}" for pod in backend.pods if pod.reason]
    names = [*waiting, *(pod.name for pod in backend.pods if not pod.reason)]
    rest = len(names) - NAMED
    troubles = list(backend.troubles)
    if waiting and not troubles:
        troubles.append(Trouble(f"{len(waiting)} of {len(backend.pods)} pods take no requests.", is_warning=True))
    details = names[:NAMED] + ([f"and {rest} more"] if rest > 0 else [])
    return Box(PODS, [f"{backend.ready} of {len(backend.pods)} ready"], details, troubles)


def _summary(topology: Topology) -> str:
    words = {Health.BROKEN: "broken", Health.WARNING: "with warnings", Health.UNKNOWN: "not wholly seen"}
    counts = [f"{topology.count(health)} {word}" for health, word in words.items() if topology.count(health)]
    number = len(topology.hosts)
    return ", ".join([f"{number} host{'' if number == 1 else 's'}", *(counts or ["all well"])])
