"""What a recovery has yet to look after, written down before the state forgets it: it may be killed as well."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from istio_ingress.pulumi_command import Pulumi
from istio_ingress.recovery import file_backend
from istio_ingress.recovery.leftovers import Begun
from istio_ingress.terminal import CommandError


class Journal:
    """The objects that killed updates of one stack had begun to create: names, and nothing of their contents."""

    def __init__(self, pulumi: Pulumi, url: str) -> None:
        stack = pulumi.stack or os.environ.get("PULUMI_STACK") or pulumi.ask("stack", "--show-name").strip()
        whose = [url, file_backend.project(pulumi.cwd), stack.rpartition("/")[2]]
        digest = hashlib.sha256(json.dumps(whose).encode()).hexdigest()[:16]
        self._file = _home() / "begun" / f"{digest}.json"

    def read(self) -> set[Begun]:
        """What is written there; nothing where that cannot be read."""
        try:
            told = json.loads(self._file.read_text())
            return {Begun(**one | {"cluster": _as_tuple(one["cluster"])}) for one in told}
        except (OSError, ValueError, TypeError, KeyError):
            return set()

    def add(self, begun: Collection[Begun]) -> set[Begun]:
        """Write these down as well; gives all that are there.

        Raises:
            CommandError: it cannot be written.
        """
        every = self.read() | set(begun)
        if every:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                scratch = self._file.with_suffix(f".{os.getpid()}")
                scratch.write_text(json.dumps([asdict(one) for one in sorted(every)]))
                scratch.rename(self._file)
            except OSError as error:
                raise CommandError(f"cannot write {self._file}: {error.strerror}.") from None
        return every

    def clear(self) -> None:
        """All of it has been looked after."""
        self._file.unlink(missing_ok=True)


def _home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "istio-ingress"


def _as_tuple(cluster: list[str] | None) -> tuple[str, ...] | None:
    return None if cluster is None else tuple(cluster)
