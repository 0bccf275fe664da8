"""For people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress import terminal
from istio_ingress.check.report import Report
from istio_ingress.rules import Finding

#: A name in a manifest may be anything; none begins a line of its own, which a log might take for a command.
_ON_ONE_LINE = str.maketrans({"\n": "\\n", "\r": "\\r"})


def write(report: Report) -> str:
    """Three lines for each finding, and one about all of them."""
    lines = (line.translate(_ON_ONE_LINE) for finding in report.findings for line in _lines(finding))
    return "\n".join([*lines, report.summary])


def _lines(finding: Finding) -> Iterator[str]:
    word = "waived" if finding.waived else finding.severity.value
    origin = f"{finding.origin}: " if finding.origin else ""
    yield f"{origin}{terminal.word(word)} {finding.rule}: {finding.resource} {finding.path}"
    yield f"    {finding.message}"
    yield f"    {finding.remedy if not finding.waived else 'Waived: ' + finding.waived}"
