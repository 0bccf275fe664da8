"""`python -m rules FILE…`: what is wrong with the Istio ingress in these manifests.

Exit codes: 0 nothing was found, 1 something was found (warnings count, what is waived does not), 2 a file cannot be
read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import rules
from rules.finding import Finding

_FOUND, _UNREADABLE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files that are named, or standard input."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = _settings(options)
        now = _moment(options.at) if options.at else datetime.now(UTC)
        manifests, unreadable = _read(options.files or ["-"])
        findings = rules.check(manifests, now=now, settings=settings)
    except ValueError as error:
        print(f"rules: {error}", file=sys.stderr)
        return _UNREADABLE
    for message in unreadable:
        print(f"rules: {message}", file=sys.stderr)
    if not rules.reads_certificates():
        print("rules: certificates were not read, because the package cryptography is missing", file=sys.stderr)
    print(_as_json(findings, len(manifests)) if options.json else _as_text(findings, len(manifests)))
    if unreadable:
        return _UNREADABLE
    return _FOUND if any(not finding.waived for finding in findings) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rules",
        description="Say what is wrong with the Istio ingress in Kubernetes manifests.",
        epilog="Exit codes: 0 nothing was found, 1 something was found (warnings count), 2 a file cannot be read. "
        "docs/rules.md explains every rule.",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="YAML or JSON; - or nothing is standard input")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--production", action="store_true", help="this is a production environment")
    parser.add_argument("--complete", action="store_true", help="the files hold everything that is in the cluster")
    parser.add_argument("--expiry-days", type=int, metavar="N", help="certificates must be valid for N days more (21)")
    parser.add_argument("--namespace", default="", metavar="NS", help="the namespace of manifests that name none")
    parser.add_argument(
        "--gateway-namespace",
        action="append",
        default=[],
        metavar="[LABELS:]NS",
        help="where gateway pods run: istio-system, or istio=ingress:istio-ingress for those with these labels",
    )
    parser.add_argument(
        "--waive", action="append", default=[], metavar="RULE=REASON", help="a rule that does not apply here, and why"
    )
    parser.add_argument("--at", metavar="TIME", help="judge certificates at this time, such as 2027-01-31 (now)")
    return parser


def _settings(options: argparse.Namespace) -> rules.Settings:
    waivers = {}
    for waiver in options.waive:
        rule, _, reason = waiver.partition("=")
        waivers[rule] = reason
    namespaces = {}
    for told in options.gateway_namespace:
        labels, _, namespace = told.rpartition(":")
        namespaces[labels] = namespace
    default = rules.Settings()
    return rules.Settings(
        production=options.production,
        expiry_days=default.expiry_days if options.expiry_days is None else options.expiry_days,
        gateway_namespaces=namespaces,
        namespace=options.namespace,
        complete=options.complete,
        waivers=waivers,
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--at {text!r} is no time; 2027-01-31 and 2027-01-31T12:00:00+00:00 are") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read(files: list[str]) -> tuple[list[dict[str, object]], list[str]]:
    try:
        from rules import reading
    except ImportError:
        return [], ["reading YAML needs the package PyYAML"]
    manifests: list[dict[str, object]] = []
    unreadable = []
    for file in files:
        name = "standard input" if file == "-" else file
        try:
            data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
            manifests += reading.manifests(data.decode("utf-8-sig"), name)
        except OSError as error:
            unreadable.append(f"cannot read {name}: {error.strerror}")
        except UnicodeDecodeError:
            unreadable.append(f"cannot read {name}: it is not UTF-8 text")
        except reading.UnreadableFileError as error:
            unreadable.append(f"cannot read {name}: {error}")
    return manifests, unreadable


def _as_json(findings: list[Finding], manifests: int) -> str:
    report = {"manifests": manifests, "findings": [finding.as_dict() for finding in findings]}
    return json.dumps(report, indent=2)


def _as_text(findings: list[Finding], manifests: int) -> str:
    lines = []
    for finding in findings:
        word = "waived" if finding.waived else finding.severity.value
        origin = f"{finding.origin}: " if finding.origin else ""
        lines.append(f"{origin}{word} {finding.rule}: {finding.resource} {finding.path}")
        lines.append(f"    {finding.message}")
        lines.append(f"    {finding.remedy if not finding.waived else 'Waived: ' + finding.waived}")
    waived = sum(1 for finding in findings if finding.waived)
    found = _count(len(findings) - waived, "finding")
    also = f", {waived} waived," if waived else ""
    lines.append(f"{found}{also} in {_count(manifests, 'manifest')}")
    return "\n".join(lines)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_FOUND)
