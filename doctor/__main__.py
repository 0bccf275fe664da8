"""`python -m doctor requests`: the walk-through's requests against the running stack."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from doctor import address, tools, walkthrough
from doctor.errors import DoctorError

DEFAULT_GATEWAY = {"namespace": "istio-system", "service": "istio-ingressgateway"}


def main() -> int:
    """Run one command; 0 all right, 1 a wrong answer, 2 the question could not be asked."""
    parser = argparse.ArgumentParser(
        prog="python -m doctor", description="What runs behind the ingress, and whether it answers as it should."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    requests = commands.add_parser("requests", help="send the walk-through's requests and print a table")
    requests.set_defaults(run=_requests)
    arguments = parser.parse_args()
    try:
        return int(arguments.run())
    except DoctorError as error:
        print(f"doctor: {error}", file=sys.stderr)
        return 2


def _requests() -> int:
    outputs = tools.stack_outputs(show_secrets=True)
    gateway = DEFAULT_GATEWAY | (outputs.get("gateway") or {})
    found = address.find(gateway["namespace"], gateway["service"])
    to_run = walkthrough.checks(outputs, found)
    if not to_run:
        raise DoctorError("the stack exports no `hosts`, so there is nothing to ask; deploy it first with `make up`.")
    results = walkthrough.run(to_run, outputs, _certificates())
    print(f"Ingress: {found.host}, ports {found.ports} ({found.source})\n")
    print(walkthrough.table(results))
    wrong = [result for result in results if not result.is_right]
    if wrong:
        print(
            f"\ndoctor: {len(wrong)} of {len(results)} answers are wrong, the first: {wrong[0].check.what}",
            file=sys.stderr,
        )
    return 1 if wrong else 0


def _certificates() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "istio-ingress" / "certificates" / os.environ.get("PULUMI_STACK", "default")


if __name__ == "__main__":
    sys.exit(main())
