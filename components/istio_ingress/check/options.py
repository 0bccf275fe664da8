"""The options that every command has which runs the rules."""

from __future__ import annotations

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument("--expiry-days", type=int, metavar="N", help="certificates must be valid for N days more (21)")
    parser.add_argument(
        "--waive",
        action="append",
        default=[],
        metavar="RULE=REASON",
        help="a rule that does not apply here, and why; 'RULE KIND NAMESPACE/NAME=REASON' for one object",
    )


def waivers(options: argparse.Namespace) -> dict[str, str]:
    """The rules that do not apply, and why."""
    return dict(waiver.partition("=")[::2] for waiver in options.waive)
