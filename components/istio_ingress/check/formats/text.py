"""For people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress import terminal
from istio_ingress.check.report import Report
from istio_ingress.rules import Finding


def write(report: Report) -> str:
    """Three lines for each finding, and one about all of them."""
    return "\n".join([*(line for finding in report.findings for line in _lines(finding)), report.summary])


def _lines(finding: Finding) -> Iterator[str]:
    word = "waived" if finding.waived else finding.severity.value
    origin = f"{finding.origin}: " if finding.origin else ""
    yield f"{origin}{terminal.word(word)} {finding.rule}: {finding.resource} {finding.path}"
    yield f"    {finding.message}"
    yield f"    {finding.remedy if not finding.waived else 'Waived: ' + finding.waived}"
