"""Running the rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from istio_ingress import x509
from istio_ingress.rules import kinds
from istio_ingress.rules.finding import Finding, Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.plain import SettingError
from istio_ingress.rules.registry import Rule, all_rules
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import MalformedError, UnknownValueError, has_unknown
from istio_ingress.rules.waivers import Waiver, Waivers, near, parts
from istio_ingress.x509 import UnreadableError


def check(
    manifests: Iterable[Mapping[str, Any]],
    *,
    now: datetime,
    settings: Settings | None = None,
    only: Iterable[Rule] | None = None,
    whole: Collection[str] = (),
) -> list[Finding]:
    """Hold manifests against the rules and against each other.

    Waived findings are in the list too, with the reason. A rule that needs a value which is `rules.UNKNOWN`, or a
    resource that is not among the manifests, says nothing. Certificate rules run where `cryptography` is installed.

    Args:
        manifests: Kubernetes manifests as mappings; those of other kinds, and `List`s, may be among them.
        now: The moment for which certificates are judged, with a time zone.
        settings: Facts that manifests do not say, and waivers.
        only: The rules to run; all of them by default.
        whole: Kinds of which the manifests are all there are, as kubectl calls them (`services`), where
            `settings.complete` does not say that of every kind.

    Raises:
        ValueError: `now` has no time zone, or a waiver or a severity names no rule.
        TypeError: A manifest is not a mapping.
    """
    settings = settings or Settings()
    if now.tzinfo is None:
        raise ValueError("`now` has no time zone; datetime.now(UTC) has one")
    _refuse_settings_of_nothing(settings)
    index = Index(manifests, now, settings, whole)
    waivers = Waivers(settings.waivers, index.resources)
    wanted = [rule for rule in (all_rules() if only is None else only) if _can_run(rule)]
    about_waivers = [rule for rule in wanted if rule.subject is Waiver]
    others = [rule for rule in wanted if rule.subject is not Waiver]
    found = _Findings(index, waivers)
    for rule in others:
        found.add(rule, index.subjects(rule.subject, rule.needs))
    if about_waivers and waivers.all:
        waivers.expect_use(rule.id for rule in others if found.is_complete(rule))
    for rule in about_waivers:
        found.add(rule, waivers.all)
    return found.in_order()


def of_several_clusters(found: Sequence[Sequence[Finding]]) -> list[list[Finding]]:
    """The findings of each of a program's clusters: a setting is at fault only where all say so, and at the first."""
    return [
        [
            finding
            for finding in findings
            if not finding.is_about_settings or (number == 0 and all(finding in others for others in found))
        ]
        for number, findings in enumerate(found)
    ]


class _Findings:
    """What rules say, each thing once, with what is waived of it."""

    def __init__(self, index: Index, waivers: Waivers) -> None:
        self._index, self._waivers = index, waivers
        self._position = {id(resource): number for number, resource in enumerate(index.resources)}
        self._found: dict[Finding, int] = {}
        self._undecided: set[str] = set()

    def add(self, rule: Rule, subjects: Iterable[object]) -> None:
        """What a rule says about each of these."""
        check, index = rule.check, self._index
        for subject in subjects:
            try:
                for problem in check(subject, index):
                    self._note(rule, problem)
            except UnknownValueError:
                self._undecided.add(rule.id)  # what is not known yet is no finding
            except (MalformedError, UnreadableError):
                continue  # what cannot be read has rules of its own

    def is_complete(self, rule: Rule) -> bool:
        """Whether a rule has said all that it will say once every value is known."""
        if any(resource.group == kinds.ISTIO for resource in self._unknown):
            return False  # of a list of hosts rules read those that are known
        return rule.id not in self._undecided and not (rule.reads_certificates and self._unknown)

    @cached_property
    def _unknown(self) -> list[Resource]:
        return [resource for resource in self._index.resources if has_unknown(resource.node.value)]

    def _note(self, rule: Rule, problem: Problem) -> None:
        finding = _finding(rule, problem, self._index.settings)
        finding = replace(finding, waived=self._waivers.reason(finding, problem.resource))
        self._found.setdefault(finding, self._position.get(id(problem.resource), -1))

    def in_order(self) -> list[Finding]:
        """Those about the settings, then object by object."""
        return sorted(self._found, key=lambda finding: (self._found[finding], finding.path, finding.rule))


def _can_run(rule: Rule) -> bool:
    return not rule.reads_certificates or x509.available()


def _finding(rule: Rule, problem: Problem, settings: Settings) -> Finding:
    namespace, name = problem.resource.labelled()
    return Finding(
        rule=rule.id,
        severity=Severity(settings.severities.get(rule.id, rule.severity)),
        kind=problem.resource.kind or "(no kind)",
        namespace=namespace,
        name=name,
        path=problem.path,
        message=problem.message,
        remedy=problem.remedy,
        source=rule.source,
        origin=problem.resource.origin,
        absent_from=problem.absent_from,
    )


def _refuse_settings_of_nothing(settings: Settings) -> None:
    known = [rule.id for rule in all_rules()]
    waived = [parts(key)[0] for key in settings.waivers]
    for rule_id in (*waived, *settings.severities):
        if rule_id not in known:
            name, purpose = ("waivers", "waive") if rule_id in waived else ("severities", "grade")
            raise SettingError(name, f"there is no rule {rule_id!r} to {purpose}{near(rule_id, known)}")
