"""What the lab costs: cold and warm start, a second `make up`, memory by process, teardown."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import settings, status
from tests.bench.figures import Figure
from tests.bench.measure import progress

REPOSITORY = Path(__file__).resolve().parents[2]
WAY = "lab"
COLD, WARM, AGAIN, DESTROY, DOWN = "cold make up", "warm make up", "make up again", "destroy the stack", "lab down"
STEPS = {
    WARM: ["make", "up"],
    AGAIN: ["make", "up"],
    DESTROY: ["bash", "-c", 'eval "$(make -s env)"; exec "$0" -m deploy down dev', sys.executable],
    DOWN: [sys.executable, "-m", "lab", "down"],
}
REACH = {COLD: 1500.0, WARM: 45.0, AGAIN: 8.0, DOWN: 5.0}
MEMORY_REACH = 2000.0
COLD_CORES = 2
SUBNET = "10.98.0.0/16"  # a lab of its own: what a person has on the default one stays


def measure(rounds: int) -> list[Figure]:
    """With all parts in the cache, from no lab to ten green requests and back; the lab is left down."""
    os.environ["LAB_SUBNET"] = SUBNET
    seconds: dict[str, list[float]] = {name: [] for name in STEPS}
    memory: dict[str, list[float]] = {}
    _run(["make", "down"])
    for number in range(rounds):
        for name, command in STEPS.items():
            if name == DESTROY:
                for process, size in _memory().items():
                    memory.setdefault(process, []).append(size)
            seconds[name].append(_timed(f"round {number + 1}: {name}", command))
    return [
        *(Figure(name, WAY, "s", values, reach=REACH.get(name)) for name, values in seconds.items()),
        Figure("memory", WAY, "MB", memory.pop("all"), reach=MEMORY_REACH),
        *(
            Figure(f"memory of {name}", WAY, "MB", memory[name])
            for name in sorted(memory, key=lambda name: -max(memory[name]))
        ),
    ]


def measure_cold(rounds: int) -> list[Figure]:
    """`make up` with empty caches on two cores, once whatever the rounds: some 25 minutes."""
    del rounds
    os.environ["LAB_SUBNET"] = SUBNET
    _run(["make", "down"])
    with _empty_caches() as environment, _two_cores():
        seconds = _timed(COLD, ["make", "up"], environment)
        _run(["make", "down"], environment)
    return [Figure(COLD, WAY, "s", [seconds], reach=REACH[COLD])]


def _memory() -> dict[str, float]:
    """Megabytes by process name, and of all together."""
    by_name = status.memory_by_name(settings.from_environment())
    return {name: size / 1e6 for name, size in {**by_name, "all": sum(by_name.values())}.items()}


def _timed(what: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    started = time.monotonic()
    _run(command, environment)
    seconds = time.monotonic() - started
    progress(f"{what} {seconds:.1f} s")
    return seconds


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a command in the repository; its output is shown only where it fails."""
    done = subprocess.run(
        command, cwd=REPOSITORY, env=dict(environment or os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stdout}\n{done.stderr}")


@contextmanager
def _two_cores() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:COLD_CORES])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


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
