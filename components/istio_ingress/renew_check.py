"""`istio-ingress renew-check`: which certificates are due, so that the next update renews them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from istio_ingress import terminal
from istio_ingress.pulumi_command import Pulumi, read_json
from istio_ingress.terminal import CommandError

_NOTHING_DUE, _DUE = 0, 1
_CERTIFICATES = ("tls:index/locallySignedCert:LocallySignedCert", "tls:index/selfSignedCert:SelfSignedCert")
#: What pulumi's `--expect-no-changes` takes for none.
_NO_CHANGE = ("same", "read", "read-discard", "read-replacement")
_EPILOG = """\
examples:
  istio-ingress renew-check
  istio-ingress renew-check || pulumi up --yes --skip-preview
  istio-ingress renew-check --stack staging --cwd ../shop --json

exit codes:
  0  nothing is due: an update would change nothing
  1  something is due, or an update would make other changes
  2  the preview could not be made

It runs `pulumi preview` and changes nothing. docs/certificates.md tells when what is due.
"""


@dataclass(frozen=True)
class Due:
    """A certificate in the last part of its life, in which pulumi-tls replaces it."""

    name: str
    """Of its resource."""
    ends: datetime
    days_before: int
    """So long before its end it is due."""

    def sentence(self, now: datetime) -> str:
        """When it ends, and why it is renewed."""
        left = self.ends - now
        when = f"in {left.days} days" if left >= timedelta(0) else f"{-left.days} days ago"
        return (
            f"{self.name} ends {self.ends:%Y-%m-%d}, {when}: it is renewed {self.days_before} days before its end, "
            "and so by the next update."
        )


@dataclass(frozen=True)
class Change:
    """What an update would do to a resource."""

    operation: str
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation} {self.kind} {self.name}"


def configure(parser: argparse.ArgumentParser) -> None:
    """What `renew-check` takes."""
    parser.description = "Say which of the stack's certificates the next update renews because they are due."
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--stack", default="", metavar="NAME", help="look at this stack instead of the selected one")
    parser.add_argument("--cwd", type=Path, default=Path(), metavar="DIR", help="the folder of the Pulumi project (.)")


def run(options: argparse.Namespace) -> int:
    """Ask for a preview, and read it."""
    steps = _preview(Pulumi(options.cwd, options.stack)).get("steps") or []
    now = datetime.now(UTC)
    due, made = list(certificates(steps, now)), list(changes(steps))
    terminal.say(_as_json(due, made) if options.json else _as_text(due, made, now))
    return _DUE if made else _NOTHING_DUE


def certificates(steps: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[Due]:
    """The certificates that these steps of a preview replace because they are due, not because of another change."""
    for step in steps:
        old = step.get("oldState") or {}
        ends = (old.get("outputs") or {}).get("validityEndTime")
        hours = (old.get("inputs") or {}).get("earlyRenewalHours") or 0
        if "replace" in step["op"] and old.get("type") in _CERTIFICATES and isinstance(ends, str):
            due = Due(_name(step), datetime.fromisoformat(ends), int(hours) // 24)
            if due.ends - timedelta(hours=hours) <= now:
                yield due


def changes(steps: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    """What these steps of a preview would change."""
    for step in steps:
        if step["op"] not in _NO_CHANGE:
            yield Change(step["op"], str(step["urn"]).split("::")[2].rpartition("$")[2], _name(step))


def _preview(pulumi: Pulumi) -> Mapping[str, Any]:
    outcome, output = pulumi.run("preview", "--json", *pulumi.on_stack)
    if outcome.code:
        raise CommandError(f"there is no preview: {_why(output) or outcome.reason}")
    preview: Mapping[str, Any] = read_json(output, "pulumi preview --json")
    return preview


def _why(output: str) -> str:
    """The first error of a preview that failed: those after it say that the program has ended."""
    try:
        said = [one["message"] for one in json.loads(output)["diagnostics"] if one.get("severity") == "error"]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(said[0]).strip().removeprefix("error: ") if said else ""


def _name(step: Mapping[str, Any]) -> str:
    return str(step["urn"]).rpartition("::")[2]


def _as_json(due: list[Due], made: list[Change]) -> str:
    certificates = [{"name": one.name, "ends": one.ends.isoformat(), "days_before": one.days_before} for one in due]
    return json.dumps({"due": certificates, "changes": [vars(one) for one in made]}, indent=2)


def _as_text(due: list[Due], made: list[Change], now: datetime) -> str:
    if due:
        lines = [f"{terminal.word('due', 9)}{one.sentence(now)}" for one in due]
        return "\n".join([*lines, f"renew-check: {len(due)} due; `pulumi up` renews them."])
    if made:
        lines = [f"{terminal.word('change', 9)}{one}" for one in made]
        return "\n".join([*lines, "renew-check: no certificate is due, but an update would change something else."])
    return "renew-check: nothing is due."
