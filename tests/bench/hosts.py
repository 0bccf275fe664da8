"""TlsGateway with many hosts against a bare program that declares the same objects."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.measure import Run, in_turn, median_peak, median_seconds, paired_ratio, run

PROGRAMS = Path(__file__).resolve().parent / "programs"
REPOSITORY = PROGRAMS.parents[2]


def measure(directory: Path, hosts: int, rounds: int) -> dict[str, Any]:
    """`pulumi preview` of an empty stack, in turn, and what it takes of ours over bare."""
    ways = {name: partial(_preview, directory / f"{name}-{hosts}", name, hosts) for name in ("our_hosts", "bare_hosts")}
    runs = in_turn(rounds, ways)
    ours, bare = runs["our_hosts"], runs["bare_hosts"]
    return {
        "hosts": hosts,
        "preview_seconds": {"ours": median_seconds(ours), "bare": median_seconds(bare)},
        "preview_ratio": paired_ratio(ours, bare),
        "peak_megabytes": {"ours": median_peak(ours), "bare": median_peak(bare)},
    }


def row(figures: dict[str, Any]) -> str:
    """One line for people."""
    seconds, peak = figures["preview_seconds"], figures["peak_megabytes"]
    return (
        f"preview, {figures['hosts']:>5} hosts   {seconds['ours']:>7.2f} s ours  {seconds['bare']:>7.2f} s bare"
        f"   ratio {figures['preview_ratio']:.2f}   peak {peak['ours']:>5.0f} MB ours  {peak['bare']:>5.0f} MB bare"
    )


def _preview(directory: Path, program: str, hosts: int) -> Run:
    environment = os.environ | {
        "PULUMI_BACKEND_URL": f"file://{directory}",
        "PULUMI_STACK": "bench",
        "PYTHONPATH": str(REPOSITORY),
        "HOSTS": str(hosts),
    }
    if not directory.exists():
        directory.mkdir(parents=True)
        (directory / "Pulumi.yaml").write_text(f"name: {program.replace('_', '-')}\nruntime: python\n")
        (directory / "__main__.py").write_text((PROGRAMS / program / "__main__.py").read_text())
        command = ["pulumi", "stack", "init", "bench", "--non-interactive"]
        subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    return run(["pulumi", "preview", "--non-interactive"], directory, environment)
