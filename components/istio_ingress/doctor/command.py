"""`istio-ingress doctor`: what is wrong with the running ingress, and the next step."""

from __future__ import annotations

import argparse
import json

from istio_ingress import terminal
from istio_ingress.doctor import checks, gather, report
from istio_ingress.live import scope
from istio_ingress.requests import sending

_EPILOG = """\
examples:
  istio-ingress doctor
  istio-ingress doctor --all --expiry-days 30
  istio-ingress doctor --gateway istio-ingress/edge --namespace shop --json

exit codes:
  0  all is well
  1  something was found (warnings count)
  2  nothing was found, but something could not be asked

It asks the cluster of kubectl's current context, and the stack that PULUMI_STACK or `pulumi stack select` names.
docs/doctor.md explains every check.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `doctor` takes."""
    parser.description = "Ask the cluster what a person would ask when an ingress does not work. Nothing is changed."
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--all", action="store_true", help="show every line, however many say ok")
    parser.add_argument(
        "--max-requests",
        type=_number,
        default=gather.MOST_REQUESTS,
        metavar="N",
        help="send at most N harmless requests (GET, else HEAD) to see which routes answer; 0 sends none at all "
        f"(default {gather.MOST_REQUESTS})",
    )
    scope.configure(parser)


def run(options: argparse.Namespace) -> int:
    """Look at everything."""
    facts = gather.all_facts(scope.read(options), sending.certificates_directory(), options.max_requests)
    lines = checks.run(facts)
    text = json.dumps(report.as_json(lines), indent=2) if options.json else report.as_text(lines, whole=options.all)
    terminal.say(report.without_keys(text))
    return report.exit_code(lines)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of requests")
    return int(text)
