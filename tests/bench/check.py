"""`istio-ingress check` over many VirtualServices: one core's seconds, for each of them, and memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import fleet
from tests.bench.figures import Figure
from tests.bench.measure import progress

SIZES = (100, 1000, 10000)
WAY = "YAML"
REACH = {"check": ("s", 5.0), "memory of check": ("MB", 250.0), "check, each": ("ms", None)}


def measure(rounds: int, sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """The command from start to end, a Service beside each VirtualService and a Gateway for every hundred."""
    found: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as directory:
        empty = Path(directory) / "empty.yaml"
        empty.touch()
        for size in sizes:
            (Path(directory) / f"{size}.yaml").write_text(fleet.text(size))
        for number in range(rounds):
            start, _ = once(empty)
            for size in sizes:
                seconds, memory = once(Path(directory) / f"{size}.yaml")
                progress(f"round {number + 1}, {size} hosts: {seconds:.2f} s, {memory:.0f} MB")
                each = (seconds - start) / size * 1000
                for name, value in zip(REACH, (seconds, memory, each), strict=True):
                    found.setdefault((name, size), []).append(value)
    return [_figure(name, size, found[name, size], largest=max(sizes)) for name in REACH for size in sizes]


def once(file: Path) -> tuple[float, float]:
    """Seconds of a core, and megabytes at most, of one check that finds nothing.

    Raises:
        RuntimeError: it found something.
    """
    command = [sys.executable, "-m", "tests.bench.checked", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"`{' '.join(command)}` ended with {done.returncode}: {done.stdout}{done.stderr}")
    told = json.loads(done.stdout.splitlines()[-1])
    return told["seconds"], told["memory"] / 1e6


def _figure(name: str, size: int, values: list[float], largest: int) -> Figure:
    unit, reach = REACH[name]
    return Figure(name, WAY, unit, values, size=size, reach=reach if size == largest else None)
