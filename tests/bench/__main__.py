"""`python -m tests.bench`: the figures as a table."""

from __future__ import annotations

import argparse
import sys

from tests.bench import lab


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Figures, measured on this machine now.")
    parser.add_argument("--rounds", type=int, default=5, help="times each figure is measured (default: 5)")
    parser.add_argument("--cold", action="store_true", help="also build everything from empty caches, some 25 minutes")
    arguments = parser.parse_args()
    for figure in lab.run(arguments.rounds, cold=arguments.cold):
        print(figure.row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
