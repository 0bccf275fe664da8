"""`istio-ingress recover`: what a killed update left; with --yes, clear it."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.pulumi_command import Pulumi
from istio_ingress.recovery import items
from istio_ingress.recovery.items import Item, Status

_ALL_RIGHT, _LEFT, _NOT_ASKED = 0, 1, 2
_EPILOG = """\
examples:
  istio-ingress recover
  istio-ingress recover --yes && pulumi up
  istio-ingress recover --stack staging --cwd ../shop --json

what is looked for:
  file       half-written .attrs files of a file:// backend: "failed to load checkpoint: EOF"
  lock       of an update whose process is gone: "the stack is currently locked"
  process    providers that have outlived the engine which started them in this folder
  operation  pending ones: "attempting to deploy with pending operations"
  object     Kubernetes objects that an update began to create and that neither the state nor the program wants

exit codes:
  0  nothing is left, or all of it has been cleared
  1  something is left
  2  something could not be asked, or an update is running

Without --yes nothing is changed. With it these run: `pulumi cancel`, `pulumi refresh --clear-pending-creates`, and
`kubectl delete` for objects. `pulumi up` is left to you. docs/certificates.md tells the whole story.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `recover` takes."""
    parser.description = "Show what an update that was killed has left in the stack; with --yes, clear it."
    parser.epilog = _EPILOG
    parser.add_argument("--yes", action="store_true", help="clear it")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--stack", default="", metavar="NAME", help="look at this stack instead of the selected one")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the folder of the Pulumi project (.)")


def run(options: argparse.Namespace) -> int:
    """Show it, or clear it."""
    pulumi = Pulumi(options.cwd, options.stack)
    found = list(items.cleared(pulumi) if options.yes else items.shown(pulumi))
    code = _exit_code(found)
    terminal.say(_as_json(found, code) if options.json else _as_text(found, options.yes))
    return code


def _exit_code(found: Sequence[Item]) -> int:
    said = {item.status for item in found}
    if Status.LEFT in said:
        return _LEFT
    return _NOT_ASKED if Status.UNKNOWN in said else _ALL_RIGHT


def _as_json(found: Sequence[Item], code: int) -> str:
    return json.dumps({"exit_code": code, "items": [item.as_dict() for item in found]}, indent=2)


def _as_text(found: Sequence[Item], is_cleared: bool) -> str:
    lines = [f"{terminal.word(item.status.value, 9)}{item.kind:<11}{item.what}" for item in found]
    counts = Counter(item.status.value for item in found)
    told = ", ".join(f"{number} {status}" for status, number in counts.items()) or "nothing is left"
    hint = "; `istio-ingress recover --yes` clears it" if Status.LEFT.value in counts and not is_cleared else ""
    return "\n".join([*lines, f"recover: {told}{hint}"])
