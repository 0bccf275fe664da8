"""Time and peak memory of one command and all that it starts, and figures out of several runs."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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


def in_turn(rounds: int, ways: Mapping[str, Callable[[], Run]]) -> dict[str, list[Run]]:
    """Each way once, then each again: a machine that slows down slows all of them."""
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, measured in ways.items():
            runs[way].append(measured())
    return runs


def median_seconds(runs: Sequence[Run]) -> float:
    """The median of the times."""
    return statistics.median(run.seconds for run in runs)


def median_peak(runs: Sequence[Run]) -> float:
    """The median of the peaks, in megabytes."""
    return statistics.median(run.peak for run in runs) / 1e6


def paired_ratio(ours: Sequence[Run], bare: Sequence[Run]) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(one.seconds / other.seconds for one, other in zip(ours, bare, strict=True))


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
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found
