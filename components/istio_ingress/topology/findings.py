"""What the rules found, by the part of a manifest that it is about."""

from __future__ import annotations

from collections.abc import Iterable

from istio_ingress.rules.finding import Finding, Severity
from istio_ingress.rules.resources import Resource
from istio_ingress.topology.model import Trouble


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
