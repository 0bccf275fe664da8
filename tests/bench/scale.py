"""A program with ever more hosts, as one stack and as several: what its own side costs, without an engine."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.bench.figures import Figure
from tests.bench.measure import progress

SIZES = (500, 1000, 10000)
"""In one stack; 20 stacks of the first are as many hosts as the last."""
UNITS = {"program": "s", "program, each host": "ms", "memory of the program": "MB", "state": "MB"}
WAY = "one stack"


def measure(rounds: int, sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Seconds of a core from the first line to the last registration, memory at most, and what the state has to hold.

    The state is what the engine is told of every resource, and what comes back: in JSON, with the engine's own
    records, it is some three times as large.
    """
    found: dict[tuple[str, int], list[float]] = {}
    for number in range(rounds):
        for size in sizes:
            told = once(size)
            values = (told["seconds"], told["seconds"] / size * 1e3, told["memory"] / 1e6, told["bytes"] / 1e6)
            progress(f"round {number + 1}, {size} hosts: {told['seconds']:.1f} s, {values[2]:.0f} MB")
            for name, value in zip(UNITS, values, strict=True):
                found.setdefault((name, size), []).append(value)
    return [Figure(name, WAY, unit, found[name, size], size=size) for name, unit in UNITS.items() for size in sizes]


def once(hosts: int) -> dict[str, float]:
    """What one program with so many hosts costs, in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.recorded", str(hosts)]
    told: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return told
