"""TlsGateway with many hosts against a bare program that declares the same objects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.measure import Run, progress, run
from tests.e2e.stacks import Stack

PROGRAMS = Path(__file__).resolve().parent / "programs"
SIZES = (10, 100, 1000)
OURS, BARE, TUNED = "ours", "bare", "bare, our provider settings"
ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
WRITES_EVERY_STEP = 100
"""Up to so many hosts the state is also written after every step; that takes time square in the hosts."""
REACH = {"preview": {1000: 0.35}}
MEMORY = {"memory of the program": ("python",), "memory of the providers": ("pulumi-resource",)}
Found = dict[tuple[str, int, str], list[float]]


def measure(rounds: int, sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """`preview`, first `up`, `up` with nothing to do, and the memory at most, in turn for both programs.

    The bare program is what a person would write: one resource after the other, nothing tuned. Ours calls
    `tune_runtime` and lets the Kubernetes provider ask more often, as `docs/performance.md` says; what of that is the
    provider's, shows the bare program with the same settings.
    """
    found: Found = {}
    for size in sizes:
        with tempfile.TemporaryDirectory() as directory:
            ours = _stack(Path(directory) / "ours", "our_hosts", size, tuned=True)
            bare = _stack(Path(directory) / "bare", "bare_hosts", size)
            tuned = _stack(Path(directory) / "tuned", "bare_hosts", size, tuned=True)
            for number in range(rounds):
                for way, stack in ((OURS, ours), (BARE, bare)):
                    for name, value in _once(stack, size):
                        progress(f"round {number + 1}, {size} hosts, {way}: {name} {value:.2f}")
                        found.setdefault((name, size, way), []).append(value)
                found.setdefault(("preview", size, TUNED), []).append(_run(tuned, "preview", **ONCE).seconds)
    return [_figure(name, size, way, values) for (name, size, way), values in sorted(found.items(), key=_order)]


def _once(stack: Stack, size: int) -> Iterator[tuple[str, float]]:
    preview = _run(stack, "preview", **ONCE)
    yield "preview", preview.seconds
    if size <= WRITES_EVERY_STEP:
        yield "first up", _run(stack, "up", "--yes", "--skip-preview").seconds
        _run(stack, "destroy", "--yes", "--skip-preview", **ONCE)
    up = _run(stack, "up", "--yes", "--skip-preview", **ONCE)
    yield "first up, state written once", up.seconds
    yield "up with nothing to do", _run(stack, "up", "--yes", "--skip-preview").seconds
    _run(stack, "destroy", "--yes", "--skip-preview", **ONCE)
    for name, processes in MEMORY.items():
        yield name, max(preview.peak_of(*processes), up.peak_of(*processes)) / 1e6


def _run(stack: Stack, *arguments: str, **environment: str) -> Run:
    command = ["pulumi", *arguments, "--non-interactive"]
    return run(command, stack.directory, stack.environment | environment)


def _stack(directory: Path, program: str, hosts: int, *, tuned: bool = False) -> Stack:
    stack = Stack.create(directory, (PROGRAMS / program / "__main__.py").read_text(), project=program.replace("_", "-"))
    stack.environment["HOSTS"] = str(hosts)
    if tuned:
        stack.environment.update(PULUMI_K8S_CLIENT_QPS="500", PULUMI_K8S_CLIENT_BURST="1000")
    return stack


def _figure(name: str, size: int, way: str, values: list[float]) -> Figure:
    unit = "MB" if name in MEMORY else "s"
    if way == OURS:
        return Figure(name, way, unit, values, size=size, reach=REACH.get(name, {}).get(size), against=BARE)
    return Figure(name, way, unit, values, size=size)


def _order(item: tuple[tuple[str, int, str], list[float]]) -> tuple[int, int, int]:
    (name, size, way), _ = item
    names = ["preview", "first up", "first up, state written once", "up with nothing to do", *MEMORY]
    return names.index(name), size, [OURS, BARE, TUNED].index(way)
