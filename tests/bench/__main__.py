"""`python -m tests.bench lab|hosts`: figures as a table, and as JSON under results/."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.bench import hosts, lab

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Figures, measured on this machine now.")
    parser.add_argument("what", choices=sorted(MEASURED))
    parser.add_argument("--rounds", type=int, default=5, help="times each figure is measured (default: 5)")
    parser.add_argument("--cold", action="store_true", help="lab: also build everything from empty caches, 25 minutes")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000], help="hosts: how many")
    arguments = parser.parse_args()
    figures = MEASURED[arguments.what](arguments)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{arguments.what}.json").write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return 0


def _lab(arguments: argparse.Namespace) -> object:
    found = lab.run(arguments.rounds, cold=arguments.cold)
    for figure in found:
        print(figure.row())
    return {figure.name: {"unit": figure.unit, "values": figure.values} for figure in found}


def _hosts(arguments: argparse.Namespace) -> object:
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for size in arguments.sizes:
            rows.append(hosts.measure(Path(directory), size, arguments.rounds))
            print(hosts.row(rows[-1]), flush=True)
    return rows


MEASURED = {"lab": _lab, "hosts": _hosts}

if __name__ == "__main__":
    sys.exit(main())
