"""What the rules found, by the part that it is about; and reading manifests that may be unknown or malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from doctor.topology.model import Trouble
from rules.finding import Finding, Severity
from rules.resources import Resource
from rules.values import MalformedError, UnknownValueError, UnreadableError

P = ParamSpec("P")
T = TypeVar("T")


def known(read: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
    """What can be read; None where a value is not known yet or has the wrong shape."""
    try:
        return read(*args, **options)
    except (UnknownValueError, MalformedError, UnreadableError):
        return None


def called(resource: Resource) -> str:
    """The resource as people know it: what Istio makes of an Ingress goes by the Ingress's name."""
    return resource.origin if resource.origin.startswith("Ingress ") else str(resource)


class Troubles:
    """Findings that were not waived, by resource and path."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._findings: dict[tuple[str, str, str], list[Finding]] = {}
        for finding in findings:
            if not finding.waived:
                self._findings.setdefault((finding.kind, finding.namespace, finding.name), []).append(finding)

    def below(self, resource: Resource, path: str) -> list[Trouble]:
        """Those about one field of a resource and what is in it."""
        return [_trouble(finding) for finding in self._of(resource) if _is_below(finding.path, path)]

    def besides(self, resource: Resource, *parts: str) -> list[Trouble]:
        """Those about a resource, but for the items of these lists."""
        lists = tuple(f"{part}[" for part in parts)
        return [_trouble(finding) for finding in self._of(resource) if not finding.path.startswith(lists)]

    def _of(self, resource: Resource) -> list[Finding]:
        return self._findings.get((resource.kind, *resource.labelled()), [])


def _is_below(path: str, parent: str) -> bool:
    return path == parent or path.startswith((f"{parent}.", f"{parent}["))


def _trouble(finding: Finding) -> Trouble:
    return Trouble(finding.message, finding.remedy, finding.severity is Severity.WARNING)
