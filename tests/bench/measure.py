"""Time and peak memory of one command and all that it starts."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.1


@dataclass(frozen=True)
class Run:
    """One command, from start to end."""

    seconds: float
    memory: dict[str, int]
    """Peak resident bytes by process name."""

    @property
    def peak(self) -> int:
        """The peaks of all processes together."""
        return sum(self.memory.values())

    def peak_of(self, *beginnings: str) -> int:
        """The peaks of the processes whose names begin so."""
        return sum(size for name, size in self.memory.items() if name.startswith(beginnings))


def run(command: Sequence[str], directory: Path, environment: Mapping[str, str]) -> Run:
    """Run a command that must succeed."""
    peaks: dict[str, int] = {}
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=directory, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        done = threading.Event()
        sampler = threading.Thread(target=_sample, args=(process.pid, peaks, done))
        sampler.start()
        output, _ = process.communicate()
        seconds = time.monotonic() - started
        done.set()
        sampler.join()
    if process.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` failed:\n{output}")
    return Run(seconds, peaks)


def progress(text: str) -> None:
    """Tell whoever waits what has been measured."""
    print(f"  {text}", file=sys.stderr, flush=True)


def _sample(root: int, peaks: dict[str, int], done: threading.Event) -> None:
    while not done.wait(SAMPLE_SECONDS):
        now: dict[str, int] = {}
        for pid in _descendants(root):
            try:
                name = Path(f"/proc/{pid}/comm").read_text().strip()
                pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            except (OSError, IndexError):
                continue
            now[name] = now.get(name, 0) + pages * 4096
        for name, size in now.items():
            peaks[name] = max(peaks.get(name, 0), size)


def _descendants(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with contextlib.suppress(OSError):  # it has just ended, or a thread of it has
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += [int(child) for child in children.read_text().split()]
    return found
