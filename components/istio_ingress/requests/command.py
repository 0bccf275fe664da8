"""`istio-ingress requests`: what the gateway answers to the requests of which objects say what must come."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from istio_ingress import terminal
from istio_ingress.live.client import Identity
from istio_ingress.live.errors import LiveError
from istio_ingress.requests import checks, found, sending
from istio_ingress.requests.sending import Result
from istio_ingress.terminal import CommandError

RIGHT, WRONG = 0, 1
# How long a change may take from the API server to the gateway.
_PUSH_SECONDS = 15.0
_EPILOG = """\
examples:
  istio-ingress requests
  istio-ingress requests --json
  istio-ingress requests --all --cacert ca.crt --client phone=phone.crt,phone.key

exit codes:
  0  every answer is the expected one
  1  one is not
  2  nothing could be asked

What is expected stands with the routes (`expect`); the same requests as curl lines are printed below the table.
docs/expectations.md tells of both.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """What `requests` takes."""
    parser.description = (
        "Send the requests of which the stack's objects say what must come, and say which answers are wrong."
    )
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument(
        "--all", action="store_true", help="what all objects of the cluster expect, and not only the stack's"
    )
    parser.add_argument(
        "--cacert", type=Path, metavar="FILE", help="PEM of the CAs to trust, instead of the stack's `ca_certificate`"
    )
    parser.add_argument(
        "--client", action="append", default=[], type=_client, metavar="NAME=CERTIFICATE,KEY",
        help="files with a client's certificate and key, besides those that the stack exports",
    )  # fmt: skip


def run(options: argparse.Namespace) -> int:
    """Send them."""
    what = found.find(whole_cluster=options.all)
    outputs = what.outputs if options.cacert is None else {"ca_certificate": _text("--cacert", options.cacert)}
    to_run, left = checks.checks(what.expected, what.world, what.address_of, outputs)
    clients = {**sending.clients(what.outputs, sorted(checks.names_shown(to_run))), **dict(options.client)}
    to_run, unknown = checks.with_clients(to_run, clients)
    for sentence in left + unknown:
        terminal.note(sentence)
    if not to_run:
        whose = "no object of the cluster" if options.all else "no object of the stack in the cluster"
        raise LiveError(f"{whose} says what it expects that could be asked; say `expect` and `pulumi up` first.")
    directory = sending.certificates_directory()
    results = sending.run(to_run, outputs, directory, known=clients, patience=_PUSH_SECONDS)
    terminal.say(_as_json(results) if options.json else _as_text(results, named="client_keys" in what.outputs))
    wrong = [result for result in results if not result.is_right]
    if wrong:
        terminal.note(f"{len(wrong)} of {len(results)} answers are wrong, the first: {wrong[0].check.what}")
    return WRONG if wrong else RIGHT


def _client(text: str) -> tuple[str, Identity]:
    name, equals, files = text.partition("=")
    certificate, comma, key = files.partition(",")
    if not (name and equals and certificate and comma and key):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=CERTIFICATE,KEY, such as phone=phone.crt,phone.key")
    return name, Identity(_text("--client", Path(certificate)), _text("--client", Path(key)))


def _text(option: str, file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{option}: cannot read {file}: {error}") from None


def _as_text(results: list[Result], *, named: bool) -> str:
    places = dict.fromkeys(str(one.check.address) for one in results)
    return "\n".join([*(f"Ingress: {one}" for one in places), "", sending.table(results, named=named)])


def _as_json(results: list[Result]) -> str:
    first = results[0].check.address
    ingress = {"host": first.host, "ports": dict(first.ports), "source": first.source}
    return json.dumps({"ingress": ingress, "requests": [_entry(result) for result in results]}, indent=2)


def _entry(result: Result) -> dict[str, Any]:
    return {
        "request": result.check.what,
        "expected": result.check.expected,
        "seen": result.seen,
        "right": result.is_right,
        "wrong": result.wrong,
        "refused": result.answer.refused,
        "seconds": round(result.waited, 3),
        "object": str(result.check.about.owner),
        "curl": result.curl,
    }
