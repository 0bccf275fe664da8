"""What clears a stack that an update was killed in."""

from __future__ import annotations

import sys
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.pulumi_command import Outcome, Pulumi
from istio_ingress.recovery import attribute_files, file_backend, locks, providers


def remove_torn_files(pulumi: Pulumi) -> list[Path]:
    """Remove the half-written attribute files of a file backend; gives which."""
    root = file_backend.root(pulumi.backend_url(), pulumi.cwd)
    return attribute_files.remove_torn(root) if root else []


def end_providers(pulumi: Pulumi) -> None:
    """End the providers that have outlived an update of this project."""
    for one in providers.outliving(pulumi.cwd):
        one.end()
        terminal.note(f"{one} has outlived its update; it is ended.")


def cancel_dead(pulumi: Pulumi, outcome: Outcome) -> bool:
    """Whether a command has failed because of dead locks, which are then gone; a living one keeps all."""
    complained = locks.told(outcome.output) if outcome.code else []
    return bool(complained) and all(lock.is_dead for lock in complained) and cancel(pulumi)


def cancel(pulumi: Pulumi) -> bool:
    """Remove all locks; whether they are gone."""
    terminal.note("an earlier update was killed; its lock is cleared.")
    return pulumi.show("cancel", "--yes", to=sys.stderr).code == 0


def clear_pending(pulumi: Pulumi) -> Outcome:
    """Read the cluster again, which settles every pending operation but creations, and forget those."""
    terminal.note("an earlier update left operations pending; they are cleared and the cluster is read again.")
    return pulumi.show("refresh", "--yes", "--skip-preview", "--clear-pending-creates", to=sys.stderr)
