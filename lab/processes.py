"""Processes outside the lab's namespaces that run its tools."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from lab.errors import LabError

END_SECONDS = 5.0


def end_below(directory: Path) -> None:
    """Kill what runs an executable of this directory: providers, which outlive a killed Pulumi, and Pulumi itself.

    Raises:
        LabError: one did not end.
    """
    deadline = time.monotonic() + END_SECONDS
    while left := list(_running(directory)):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise LabError(f"processes {left} of {directory} did not end within {END_SECONDS:.0f} s.")
        time.sleep(0.02)


def children() -> list[int]:
    """Ids of the processes that this one started."""
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split()]


def _running(directory: Path) -> Iterator[int]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "exe").readlink().is_relative_to(directory):
                yield int(process.name)
