"""What a check has to say, whatever it is written as."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from istio_ingress.check.files import Unreadable
from istio_ingress.rules import Finding, Severity

_LINE = re.compile(r"(?P<file>.+):(?P<line>[0-9]+)")


@dataclass(frozen=True)
class Report:
    """Everything that was found."""

    findings: Sequence[Finding]
    judged: int
    """How many manifests the rules have judged."""
    not_read: Mapping[str, int]
    """How many others there are, by kind."""
    unreadable: Sequence[Unreadable]

    def fails(self, at: Severity) -> bool:
        """Whether something that is not waived is as bad as this."""
        bad = {Severity.ERROR} if at is Severity.ERROR else set(Severity)
        return any(finding.severity in bad for finding in self.findings if not finding.waived)

    @property
    def summary(self) -> str:
        """How much was found in how many manifests, and what was not read: one line."""
        waived = sum(1 for finding in self.findings if finding.waived)
        found = _count(len(self.findings) - waived, "finding")
        also = f", {waived} waived," if waived else ""
        others = ", ".join(f"{number} {kind}" for kind, number in self.not_read.items())
        parts = [f"{found}{also} in {_count(self.judged, 'manifest')}", f"not read: {others}" if others else ""]
        if self.unreadable:
            parts.append(f"{_count(len(self.unreadable), 'file')} cannot be read")
        return "; ".join(filter(None, parts))


def place(origin: str) -> tuple[str, int]:
    """The file and line of an origin; 0 where there is no line, and no file for standard input."""
    found = _LINE.fullmatch(origin)
    file, line = (found["file"], int(found["line"])) if found else (origin, 0)
    return ("", 0) if file == "standard input" else (file, line)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
