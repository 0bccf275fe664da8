"""The locks that updates hold on a stack, and whether those who hold them are alive."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from istio_ingress.terminal import CommandError

# pulumi's pkg/backend/diy/lock.go
_HOLDER = re.compile(r"created by (?P<user>.*)@(?P<host>[^@\s]+) \(pid (?P<pid>\d+)\)(?: at (?P<since>\S+))?")


@dataclass(frozen=True)
class Lock:
    """Who holds it: a process on a machine."""

    user: str
    host: str
    pid: int
    since: str = ""
    """RFC 3339."""

    def __str__(self) -> str:
        since = f", since {self.since[:19]}" if self.since else ""
        return f"process {self.pid} of {self.user} on {self.host}{since}"

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended. One on another machine is taken to be alive."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except (PermissionError, OverflowError):
            return False
        return _has_ended(self.pid)


def told(output: str) -> list[Lock]:
    """The locks that a pulumi command complains of, with any backend that has locks."""
    return [Lock(one["user"], one["host"], int(one["pid"]), one["since"] or "") for one in _HOLDER.finditer(output)]


def held(root: Path, stack: str, project: str) -> list[Lock]:
    """The locks of one stack of a file backend.

    Args:
        root: the backend's folder.
        stack: its name, or `organization/<project>/<stack>`.
        project: the project that it belongs to where its name does not say that.

    Raises:
        CommandError: a lock cannot be read.
    """
    folders = [root / "locks" / stack]
    if "/" not in stack and project:
        folders.append(root / "locks" / "organization" / project / stack)
    read = (_read(file) for folder in folders for file in sorted(folder.glob("*.json")))
    return [lock for lock in read if lock]


def _has_ended(pid: int) -> bool:
    """Whether only its number is left, for a parent that has not asked how it ended. Seen by Linux's /proc alone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
    except (OSError, IndexError):
        return False


def _read(file: Path) -> Lock | None:
    try:
        content = json.loads(file.read_text())
        return Lock(str(content["username"]), str(content["hostname"]), int(content["pid"]), str(content["timestamp"]))
    except FileNotFoundError:
        return None  # its update has just ended
    except (ValueError, LookupError, TypeError):
        raise CommandError(
            f"{file} is a lock that does not say who holds it; `pulumi cancel` removes it, if no update is running."
        ) from None
