"""What a killed update has left, item by item, and what becomes of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum

from istio_ingress.pulumi_command import Pulumi
from istio_ingress.recovery import leftovers, locks, repair
from istio_ingress.recovery.found import Found, look, refuse_running
from istio_ingress.recovery.journal import Journal
from istio_ingress.recovery.leftovers import Begun, Wanted
from istio_ingress.terminal import CommandError


class Status(Enum):
    """What has become of it."""

    LEFT = "left"
    CLEARED = "cleared"
    KEPT = "kept"
    """The next update takes it over."""
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Item:
    """One thing that a killed update may leave."""

    status: Status
    kind: str
    what: str

    def as_dict(self) -> dict[str, str]:
        """As JSON writes it."""
        return {"status": self.status.value, "kind": self.kind, "what": self.what}


def shown(pulumi: Pulumi) -> Iterator[Item]:
    """What there is. Nothing is changed.

    Raises:
        CommandError: an update is running, or Pulumi could not be asked.
    """
    found = look(pulumi)
    yield from (Item(Status.LEFT, "file", f"{file} is half written") for file in found.files)
    yield from (Item(Status.LEFT, "lock", f"{lock}; that process is gone") for lock in found.locks or ())
    yield from (Item(Status.LEFT, "process", f"{one}; its engine is gone") for one in found.providers)
    yield from (Item(Status.LEFT, "operation", operation) for operation in found.operations)
    yield from _objects(pulumi, found.begun, Status.LEFT)
    if found.locks is None:
        yield _UNLISTED


def cleared(pulumi: Pulumi) -> Iterator[Item]:
    """Clear what there is, and tell of each thing whether it is gone.

    Raises:
        CommandError: an update is running, or Pulumi could not be asked.
    """
    yield from (Item(Status.CLEARED, "file", f"{file} was half written") for file in repair.remove_torn_files(pulumi))
    found = look(pulumi)
    for one in found.providers:
        one.end()
        yield Item(Status.CLEARED, "process", str(one))
    journal = Journal(pulumi, pulumi.backend_url())
    journal.add(found.begun)
    if found.locks:
        status = Status.CLEARED if repair.cancel(pulumi) else Status.LEFT
        yield from (Item(status, "lock", str(lock)) for lock in found.locks)
    if found.operations:
        yield from _settled(pulumi, found)
    elif found.locks is None:
        yield _UNLISTED
    objects = list(_objects(pulumi, found.begun, Status.CLEARED))
    if all(one.status is not Status.UNKNOWN for one in objects):
        journal.clear()
    yield from objects


def _settled(pulumi: Pulumi, found: Found) -> Iterator[Item]:
    outcome = repair.clear_pending(pulumi)
    if outcome.code:
        refuse_running(locks.told(outcome.output))
        if repair.cancel_dead(pulumi, outcome):
            repair.clear_pending(pulumi)
    open_still = look(pulumi).operations
    for operation in found.operations:
        yield Item(Status.LEFT if operation in open_still else Status.CLEARED, "operation", operation)


def _objects(pulumi: Pulumi, objects: Collection[Begun], unwanted: Status) -> Iterator[Item]:
    """What becomes of the objects: those that nothing wants are deleted where that is what `unwanted` says."""
    moments = {}
    for one in sorted(objects):
        try:
            moments[one] = leftovers.created(one)
        except CommandError as error:
            yield Item(Status.UNKNOWN, "object", f"{one}: {error}")
    there = [one for one, moment in moments.items() if moment]
    try:
        wanted = Wanted(pulumi.ask_json("preview", "--json", *pulumi.on_stack) if there else {})
        for one in there:
            begun = f"{one}, begun {moments[one]}"
            if one in wanted:
                yield Item(Status.KEPT, "object", f"{begun}: the next update takes it over")
            elif wanted.may_hold(one) and leftovers.is_used(one):
                yield Item(Status.UNKNOWN, "object", f"{begun}: in use, and wanted or not: ask again after an update")
            else:
                if unwanted is Status.CLEARED:
                    leftovers.delete(one)
                yield Item(unwanted, "object", f"{begun}: nothing wants it")
    except CommandError as error:
        yield from (Item(Status.UNKNOWN, "object", f"{one}: {error}") for one in there)


_UNLISTED = Item(
    Status.UNKNOWN,
    "lock",
    "only an update finds one in this backend (`the stack is currently locked`); `pulumi cancel` removes it",
)
