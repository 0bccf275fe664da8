"""What the lab costs: cold and warm start, a second `make up`, memory, teardown."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import settings, status

REPOSITORY = Path(__file__).resolve().parents[2]
# What each figure is held against: the reach, in seconds or megabytes.
REACH = {"cold make up": 1500.0, "warm make up": 45.0, "make up again": 8.0, "make down": 5.0, "memory": 2000.0}


@dataclass(frozen=True)
class Figure:
    """One measured thing: its values, the unit, and the reach."""

    name: str
    values: list[float]
    unit: str

    def row(self) -> str:
        """Median, spread, and the ratio to the reach."""
        median = statistics.median(self.values)
        spread = f"{min(self.values):.1f}..{max(self.values):.1f}"
        ratio = median / REACH[self.name]
        return f"{self.name:<18}{median:>9.1f} {self.unit:<3} {spread:>16}   {ratio:>5.2f} of the reach"


def run(rounds: int, *, cold: bool) -> list[Figure]:
    """Measure on the default lab, which is taken down and left down."""
    figures: dict[str, list[float]] = {"warm make up": [], "make up again": [], "make down": []}
    memory = []
    make("down")
    for _ in range(rounds):
        figures["warm make up"].append(timed("up"))
        figures["make up again"].append(timed("up"))
        memory.append(sum(status.memory_by_name(settings.from_environment()).values()) / 1e6)
        figures["make down"].append(timed("down"))
    found = [Figure(name, values, "s") for name, values in figures.items()] + [Figure("memory", memory, "MB")]
    if cold:
        with _empty_caches() as environment:
            found.append(Figure("cold make up", [timed("up", environment)], "s"))
            make("down", environment)
    return found


def timed(target: str, environment: Mapping[str, str] | None = None) -> float:
    """Seconds that a make target takes, which must succeed."""
    started = time.monotonic()
    make(target, environment)
    return time.monotonic() - started


def make(target: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a make target; its output is shown only where it fails."""
    command = ["make", "-C", str(REPOSITORY), target]
    done = subprocess.run(command, env=dict(environment or os.environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`make {target}` failed:\n{done.stdout}\n{done.stderr}")


@contextmanager
def _empty_caches() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="istio-ingress-cold-") as directory:
        yield os.environ | {
            "XDG_CACHE_HOME": f"{directory}/cache",
            "XDG_STATE_HOME": f"{directory}/state",
            "GOCACHE": f"{directory}/gocache",
            "GOMODCACHE": f"{directory}/gomod",
            "GOFLAGS": "-modcacherw",
        }
