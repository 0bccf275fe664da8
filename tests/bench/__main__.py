"""`python -m tests.bench NAME…`: figures as a table, and as JSON under results/; `compare` and `report` read those."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench import check, figures, first_request, handshakes, hosts, lab, languages, live, scale, stack
from tests.bench.compare import changes
from tests.bench.figures import Figure
from tests.bench.report import write_report

BENCHES: dict[str, Callable[[int], list[Figure]]] = {
    "stack": stack.measure,
    "first_request": first_request.measure,
    "hosts": hosts.measure,
    "handshakes": handshakes.measure,
    "live": live.measure,
    "live_split": live.measure_split,
    "languages": languages.measure,
    "check": check.measure,
    "scale": scale.measure,
    "lab": lab.measure,
    "lab_cold": lab.measure_cold,
}


def main() -> int:
    """0, or 1 where a figure has become worse, or 2 where a file cannot be read."""
    options = _options()
    if options.command == "compare":
        return compare(options.old, options.new)
    if options.command == "run":
        for name in options.benches:
            print(f"{name} (medians of {options.rounds})", flush=True)
            found = BENCHES[name](options.rounds)
            print("\n".join(figures.table(found)), flush=True)
            figures.write(name, found)
    write_report()
    return 0


def compare(old: Path, new: Path) -> int:
    """Print what has changed between two results files."""
    try:
        found = changes(figures.read(old), figures.read(new))
    except ValueError as error:
        print(f"tests.bench: {error}", file=sys.stderr)
        return 2
    if not found:
        print(f"tests.bench: {old} and {new} have no figure in common.", file=sys.stderr)
        return 2
    print("\n".join(change.row() for change in found))
    return int(any(change.verdict == "worse" for change in found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Figures, measured on this machine now.")
    commands = parser.add_subparsers(dest="command", required=True)
    measuring = commands.add_parser("run", help="measure, print, keep under results/, and write the report")
    measuring.add_argument("benches", nargs="+", choices=list(BENCHES), metavar="BENCH", help=", ".join(BENCHES))
    measuring.add_argument("--rounds", type=int, default=5, help="times each figure is measured (default: 5)")
    commands.add_parser("report", help="write docs/performance.md's tables and charts from results/")
    comparing = commands.add_parser("compare", help="what has become worse; exit code 1 where something has")
    comparing.add_argument("old", type=Path)
    comparing.add_argument("new", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
