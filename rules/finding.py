"""What a rule reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rules.resources import Resource


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"  #: Istio refuses or drops it, or some of the traffic it asks for cannot work.
    WARNING = "warning"  #: It is accepted, but it does not do what it seems to, or it will stop working.


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place: the words of a rule, before its id and severity are added."""

    resource: Resource
    path: str
    message: str  #: What is wrong, quoting both sides.
    remedy: str  #: What would be right.


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, where, and what would be right."""

    rule: str
    severity: Severity
    kind: str
    namespace: str
    name: str
    path: str
    message: str
    remedy: str
    source: str
    origin: str = ""  #: The file and line that the manifest was read from, if any.
    waived: str = ""  #: The reason for which it was waived, if it was.

    @property
    def resource(self) -> str:
        """The resource as people write it: `Gateway shop/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def __str__(self) -> str:
        where = f"{self.resource} {self.path}".rstrip()
        return f"{self.severity.value} {self.rule}: {where}: {self.message} {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON writes it."""
        return {**asdict(self), "severity": self.severity.value}
