"""GitHub's workflow commands, which its runner shows as annotations at the lines of a change."""

from __future__ import annotations

from istio_ingress.check.report import Report, place
from istio_ingress.rules import Finding

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def write(report: Report) -> str:
    """`::error file=…,line=…,title=…::…` for each finding that is not waived, and the summary as plain text."""
    findings = [_annotation(finding) for finding in report.findings if not finding.waived]
    unreadable = [_command("error", str(one), file=one.name, title="cannot be read") for one in report.unreadable]
    return "\n".join([*unreadable, *findings, report.summary])


def _annotation(finding: Finding) -> str:
    file, line = place(finding.origin)
    where = f"{finding.resource} {finding.path}"
    message = f"{where}: {finding.message} {finding.remedy}"
    return _command(finding.severity.value, message, file=file, line=str(line or ""), title=finding.rule)


def _command(name: str, message: str, **properties: str) -> str:
    told = ",".join(f"{key}={_escaped(value, _PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name} {told}::{_escaped(message, _DATA)}"


def _escaped(text: str, by: dict[str, str]) -> str:
    return "".join(by.get(character, character) for character in text)
