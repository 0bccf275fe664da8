"""Running the rules."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rules import x509
from rules.finding import Finding, Problem
from rules.index import Index
from rules.registry import Rule, all_rules
from rules.settings import Settings
from rules.values import MalformedError, UnknownValueError, UnreadableError


def check(
    manifests: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    settings: Settings | None = None,
    only: Iterable[Rule] | None = None,
) -> list[Finding]:
    """Hold manifests against the rules and against each other.

    Waived findings are in the list too, with the reason. A rule that needs a value which is `rules.UNKNOWN`, or a
    resource that is not among the manifests, says nothing. Certificate rules run where `cryptography` is installed.

    Args:
        manifests: Kubernetes manifests as mappings; those of other kinds, and `List`s, may be among them.
        now: The moment for which certificates are judged, with a time zone.
        settings: Facts that manifests do not say, and waivers.
        only: The rules to run; all of them by default.

    Raises:
        ValueError: `now` has no time zone, or a waiver names no rule.
        TypeError: A manifest is not a mapping.
    """
    settings = settings or Settings()
    if now.tzinfo is None:
        raise ValueError("`now` has no time zone; datetime.now(UTC) has one")
    _refuse_waivers_of_nothing(settings)
    index = Index(manifests, now, settings)
    position = {id(resource): number for number, resource in enumerate(index.resources)}
    found: dict[Finding, int] = {}
    for rule in all_rules() if only is None else only:
        if rule.reads_certificates and not x509.available():
            continue
        for subject in index.subjects(rule.subject):
            for problem in _problems(rule, subject, index):
                found.setdefault(_finding(rule, problem, settings), position[id(problem.resource)])
    return sorted(found, key=lambda finding: (found[finding], finding.path, finding.rule))


def _problems(rule: Rule, subject: object, index: Index) -> Iterator[Problem]:
    try:
        yield from rule.check(subject, index)
    except (UnknownValueError, MalformedError, UnreadableError):
        return  # what is not known yet is no finding, and what cannot be read has rules of its own


def _finding(rule: Rule, problem: Problem, settings: Settings) -> Finding:
    namespace, name = problem.resource.labelled()
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        kind=problem.resource.kind,
        namespace=namespace,
        name=name,
        path=problem.path,
        message=problem.message,
        remedy=problem.remedy,
        source=rule.source,
        origin=problem.resource.origin,
        waived=settings.waivers.get(rule.id, ""),
    )


def _refuse_waivers_of_nothing(settings: Settings) -> None:
    known = [rule.id for rule in all_rules()]
    for rule_id in settings.waivers:
        if rule_id not in known:
            close = difflib.get_close_matches(rule_id, known, n=1)
            raise ValueError(f"there is no rule {rule_id!r} to waive" + (f"; {close[0]!r} is one" if close else ""))
