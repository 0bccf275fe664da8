"""The stack `dev` against a bare program that declares the same resources without components."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.gateway import empty_namespace
from tests.bench.measure import Run, progress, run
from tests.e2e.stacks import Stack

PROGRAMS = Path(__file__).resolve().parent / "programs"
OURS, BARE = "ours", "bare"
#: Names of its own: the stack `dev` that a person has on this lab stays as it is.
NAMESPACE = "bench-stack"
CONFIG = {"namespace": NAMESPACE, "domain": f"{NAMESPACE}.example.com"}
COMMANDS = {
    "preview": ("preview",),
    "first up": ("up", "--yes", "--skip-preview"),
    "up with nothing to do": ("up", "--yes", "--skip-preview"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}
REACH = 1.05


def measure(rounds: int) -> list[Figure]:
    """The four commands in turn for both, always from nothing to nothing: seconds, and memory of all processes.

    Raises:
        RuntimeError: the two do not declare the same kinds of resources, each as often.
    """
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as directory, empty_namespace(NAMESPACE):
        stacks = {
            OURS: _ours(Path(directory) / "ours"),
            BARE: _bare(Path(directory) / "bare"),
        }
        for number in range(rounds + 1):
            declared: dict[str, Counter[str]] = {}
            for way, stack in stacks.items():
                for name, done in _once(stack, declared.setdefault(way, Counter())):
                    progress(f"round {number}, {way}: {name} {done.seconds:.2f} s, {done.peak / 1e6:.0f} MB")
                    if number:  # the first one only warms the caches
                        found.setdefault((name, way), []).append(done.seconds)
                        found.setdefault((f"memory of {name}", way), []).append(done.peak / 1e6)
            if declared[OURS] != declared[BARE]:
                raise RuntimeError(f"not the same resources: {declared[OURS] - declared[BARE]} are missing in bare")
    return [
        Figure(name, way, _unit(name), values, reach=REACH, against=BARE)
        if way == OURS
        else Figure(name, way, _unit(name), values)
        for (name, way), values in sorted(found.items(), key=lambda item: (_place(item[0][0]), item[0][1] == BARE))
    ]


def _once(stack: Stack, declared: Counter[str]) -> Iterator[tuple[str, Run]]:
    for name, arguments in COMMANDS.items():
        yield name, run(["pulumi", *arguments, "--non-interactive"], stack.directory, stack.environment)
        if name == "first up":
            resources = json.loads(stack.pulumi("stack", "export"))["deployment"]["resources"]
            declared.update(one["type"] for one in resources if one["custom"])


def _ours(directory: Path) -> Stack:
    stack = Stack.of_this_repository(directory, "dev")
    for key, value in CONFIG.items():
        stack.pulumi("config", "set", key, value)
    return stack


def _bare(directory: Path) -> Stack:
    program = PROGRAMS / "bare_stack"
    stack = Stack.create(directory, (program / "__main__.py").read_text(), project="bare-stack")
    shutil.copyfile(program / "objects.yaml", directory / "objects.yaml")
    return stack


def _unit(name: str) -> str:
    return "MB" if name.startswith("memory") else "s"


def _place(name: str) -> tuple[bool, int]:
    return name.startswith("memory"), list(COMMANDS).index(name.removeprefix("memory of "))
