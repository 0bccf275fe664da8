"""Copies of a stack's state in a file backend, made before and after each update: a full disk may tear the state.

Pulumi writes a state in place, step by step, and its own backup beside it just before: both are torn by the same disk.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from istio_ingress.recovery.leftovers import Begun
from istio_ingress.terminal import CommandError

KEPT = 3
_SECRET = re.compile(r'"id":\s*"([^"/]+)/([^"/]+)",\s*"type":\s*"kubernetes:core/v1:Secret"')
#: An update writes its state some hundred times, but in place; what stays is a copy in `backups` and one in `history`.
SPACE_BYTES = 100_000_000


@dataclass(frozen=True)
class State:
    """The state file of one stack."""

    root: Path
    """Of the backend: `.pulumi`."""
    project: str
    stack: str

    @property
    def file(self) -> Path:
        """Where Pulumi writes it."""
        return self.root / "stacks" / self.project / f"{self.stack}.json"

    @property
    def torn(self) -> Path:
        """Where what was left of a torn one is kept."""
        return self.file.with_name(f"{self.file.name}.torn")

    @property
    def copies(self) -> list[Path]:
        """Ours, the newest first."""
        return sorted((self.root / "copies" / self.project).glob(f"{self.stack}.*.json"), reverse=True)

    def refuse_full_disk(self) -> None:
        """Raises CommandError where an update could not be written down."""
        place = self.root if self.root.exists() else self.root.parent
        free = shutil.disk_usage(place).free
        if free < SPACE_BYTES:
            raise CommandError(
                f"{place} has {free / 1e6:.0f} MB free, and an update wants {SPACE_BYTES / 1e6:.0f} MB there: "
                "what it does could not be written down. Make room, and repeat the command."
            )

    def copy(self) -> None:
        """Keep the state as it is now, whole or not at all, and forget the oldest copies."""
        if not _is_whole(self.file) or (self.copies and self.copies[0].read_bytes() == self.file.read_bytes()):
            return
        copy = self.root / "copies" / self.project / f"{self.stack}.{time.time_ns()}.json"
        copy.parent.mkdir(parents=True, exist_ok=True)
        _write(self.file, copy)
        for old in self.copies[KEPT:]:
            old.unlink(missing_ok=True)

    def restore(self) -> str:
        """Take the newest whole copy where the state is torn; gives what that means in a sentence, or nothing.

        Raises:
            CommandError: there is no whole copy.
        """
        if not self.file.exists() or _is_whole(self.file):
            return ""
        whole = [copy for copy in (self.file.with_name(f"{self.file.name}.bak"), *self.copies) if _is_whole(copy)]
        if not whole:
            raise CommandError(
                f"{self.file} is torn, and there is no whole copy of it. Without that file the stack is made anew, "
                "with another authority; what it made has to be taken from the cluster by hand."
            )
        newest = max(whole, key=lambda copy: copy.stat().st_mtime)
        self.file.replace(self.torn)
        _write(newest, self.file)
        made = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(newest.stat().st_mtime))
        return (
            f"{self.file} was torn, as by a full disk; it is again as it was at {made}. What an update has changed "
            "since is read from the cluster; a key or certificate that it made is made anew."
        )

    def secrets_of_torn(self) -> set[Begun]:
        """The Secrets that what is left of a torn state names: later ones than the copy's nobody else knows of."""
        told = self.torn.read_text(errors="replace")
        return {Begun("Secret", namespace, name, manager=None) for namespace, name in _SECRET.findall(told)}


def _is_whole(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text())["checkpoint"], dict)
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _write(source: Path, target: Path) -> None:
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as written:
            written.write(source.read_bytes())
            os.fsync(written.fileno())
        scratch.chmod(0o600)
        scratch.replace(target)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise CommandError(f"cannot write {target}: {error.strerror}.") from None
