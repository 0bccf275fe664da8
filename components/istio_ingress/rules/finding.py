"""What a rule reports."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from istio_ingress.rules.resources import Resource


#: The kind of what a finding is about where that is the settings.
SETTING = "Setting"


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
    absent_from: str = ""  #: The namespace in which something is missing; "*" for any, "" where nothing is.


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
    absent_from: str = ""  #: As the problem's.

    @property
    def is_about_settings(self) -> bool:
        """Whether it is about what a person set, as a waiver, and not about an object."""
        return self.kind == SETTING

    @property
    def resource(self) -> str:
        """The resource as people write it: `Gateway shop/web`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    def sentence(self, also: str = "") -> str:
        """Rule, place, what is wrong and what would be right; `also` stands behind the resource's name."""
        where = " ".join(filter(None, [self.resource, also, self.path]))
        return f"{self.rule}: {where}: {self.message} {self.remedy}"

    def __str__(self) -> str:
        return f"{self.severity.value} {self.sentence()}"

    def as_dict(self) -> dict[str, str]:
        """The finding as JSON writes it."""
        shown = {name: value for name, value in asdict(self).items() if name != "absent_from"}
        return {**shown, "severity": self.severity.value}
