"""What a killed update left in a stack, found without changing anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from istio_ingress.pulumi_command import Pulumi
from istio_ingress.recovery import attribute_files, file_backend, leftovers, locks, providers
from istio_ingress.recovery.journal import Journal
from istio_ingress.recovery.leftovers import Begun
from istio_ingress.recovery.locks import Lock
from istio_ingress.recovery.providers import Provider
from istio_ingress.terminal import CommandError


class BusyError(CommandError):
    """An update holds the stack, and nobody knows that it is gone."""


@dataclass(frozen=True)
class Found:
    """What there is. As long as there are `files`, Pulumi may be unable to read the rest."""

    files: tuple[Path, ...] = ()
    """Half-written `.attrs` files."""
    locks: tuple[Lock, ...] | None = ()
    """Those of dead processes; None where the backend lists none to us."""
    operations: tuple[str, ...] = ()
    """Pending ones, in words."""
    begun: frozenset[Begun] = frozenset()
    providers: tuple[Provider, ...] = ()
    """Those whose engine is gone."""


def look(pulumi: Pulumi) -> Found:
    """Ask Pulumi and its backend.

    Raises:
        BusyError: an update is running.
        CommandError: something could not be asked.
    """
    url = pulumi.backend_url()
    root = file_backend.root(url, pulumi.cwd)
    files = tuple(attribute_files.torn(root)) if root else ()
    try:
        held = _locks(pulumi, root, url)
        state = state_of(pulumi)
    except BusyError:
        raise
    except CommandError:
        if files:
            return Found(files)
        raise
    operations = tuple(_words(operation) for operation in state.get("pending_operations") or [])
    begun = {*leftovers.begun(state), *leftovers.unknown(Journal(pulumi, url).read(), state)}
    return Found(files, held, operations, frozenset(begun), tuple(providers.outliving(pulumi.cwd)))


def refuse_running(found: list[Lock]) -> None:
    """Raises BusyError where one of these locks may be that of a running update."""
    running = [lock for lock in found if not lock.is_dead]
    if running:
        raise BusyError(
            f"the stack is locked by {running[0]}: wait for its end; if you know that it is gone, `pulumi cancel`."
        )


def state_of(pulumi: Pulumi) -> Mapping[str, Any]:
    """The stack's state; secrets in it stay encrypted."""
    return pulumi.ask_json("stack", "export", *pulumi.on_stack)["deployment"] or {}


def _locks(pulumi: Pulumi, root: Path | None, url: str) -> tuple[Lock, ...] | None:
    if root:
        stack = pulumi.stack or os.environ.get("PULUMI_STACK") or pulumi.ask("stack", "--show-name").strip()
        held = locks.held(root, stack, file_backend.project(pulumi.cwd))
        refuse_running(held)
        return tuple(held)
    if url.startswith("http"):
        _refuse_leased(pulumi)
        return ()
    return None


def _refuse_leased(pulumi: Pulumi) -> None:
    """Pulumi Cloud has no locks, but leases that run out by themselves, and tells of every stack whether one is out."""
    stack = (pulumi.stack or os.environ.get("PULUMI_STACK", "")).rpartition("/")[2]
    for told in pulumi.ask_json("stack", "ls", "--json"):
        is_ours = told.get("name", "").rpartition("/")[2] == stack if stack else told.get("current")
        if is_ours and told.get("updateInProgress"):
            raise BusyError(
                "an update of the stack is in progress, or was killed a moment ago: wait; if you know that it is gone, "
                "`pulumi cancel`."
            )


def _words(operation: Mapping[str, Any]) -> str:
    resource = operation.get("resource") or {}
    name = str(resource.get("urn", "")).rpartition("::")[2]
    return f"{operation.get('type')} {resource.get('type')} {name!r}"
