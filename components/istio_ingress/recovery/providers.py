"""Provider processes that have outlived a killed update; they know of no end but the one that their engine tells them.

Found by Linux's /proc; elsewhere none is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "pulumi-resource-"
_CONNECT_SECONDS = 1.0


@dataclass(frozen=True)
class Provider:
    """A process."""

    name: str
    """Of its executable: `pulumi-resource-kubernetes`."""
    pid: int

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid})"

    def end(self) -> None:
        """Kill it: nobody is there any more whom it could tell of what it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def outliving(project: Path) -> list[Provider]:
    """Those of this user that an engine started in a project's folder, or below it, and that is gone."""
    return sorted(_outliving(project.resolve()), key=lambda one: one.pid)


def _outliving(project: Path) -> Iterator[Provider]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid != os.getuid():
                continue
            words = (process / "cmdline").read_text(errors="replace").split("\0")
            name = Path(words[0]).name
            is_ours = name.startswith(_PREFIX) and (process / "cwd").readlink().is_relative_to(project)
            if is_ours and any(_is_gone(word) for word in words[1:]):
                yield Provider(name, int(process.name))


def _is_gone(engine: str) -> bool:
    """Whether nobody listens at an engine's address, which a provider is started with: `127.0.0.1:34473`."""
    host, _, port = engine.rpartition(":")
    if not host or not port.isdecimal():
        return False
    try:
        socket.create_connection((host, int(port)), _CONNECT_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except (OSError, OverflowError):
        return False
    return False
