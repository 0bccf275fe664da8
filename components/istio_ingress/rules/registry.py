"""What a rule is, and the list of all rules."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any, TypeVar

from istio_ingress.rules import kinds
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.settings import Settings

Subject = TypeVar("Subject")
Check = Callable[[Subject, Index], Iterator[Problem]]


@dataclass(frozen=True)
class Example:
    """Two sets of manifests that differ in as little as possible: only the first breaks the rule.

    Values such as `certificate(shop.example)` stand for real PEM text; the tests put it in.
    """

    bad: str
    good: str
    settings: Settings = field(default_factory=Settings)

    @classmethod
    def fixed(cls, bad: str, *edits: tuple[str, str], settings: Settings | None = None) -> Example:
        """An example whose good half is its bad half with these replacements made."""
        good = bad
        for old, new in edits:
            if old not in good:
                raise ValueError(f"the example does not hold {old!r}")
            good = good.replace(old, new)
        return cls(dedent(bad), dedent(good), settings or Settings())


@dataclass(frozen=True)
class Rule:
    """One mistake that can be found in manifests."""

    id: str
    severity: Severity
    why: str
    source: str
    example: Example
    subject: type[Any]
    check: Check[Any]
    reads_certificates: bool = False
    #: It says that something is not there, which one manifest more can put right.
    misses: bool = False
    #: It has nothing to say of what certainly has none of these fields; see `Index.subjects`.
    needs: tuple[str, ...] = ()


_rules: dict[str, Rule] = {}


def rule(
    subject: type[Subject],
    rule_id: str,
    severity: Severity,
    *,
    source: str,
    example: Example,
    reads_certificates: bool = False,
    misses: bool = False,
    needs: tuple[str, ...] = (),
) -> Callable[[Check[Subject]], Check[Subject]]:
    """Register a function as a rule over every `subject` of the index; its docstring says why the rule exists.

    With `needs` it is over those only in which one of these fields may stand, which a subject says by `may_have`.

    Raises:
        ValueError: it has no docstring, another rule has its name, or no kind in `kinds.KINDS` becomes a `subject`.
    """

    def register(check: Check[Subject]) -> Check[Subject]:
        why = " ".join((inspect.getdoc(check) or "").split())
        if not why:
            raise ValueError(f"rule {rule_id} does not say why")
        if rule_id in _rules:
            raise ValueError(f"two rules are called {rule_id}")
        if issubclass(subject, Resource):
            kinds.require(subject)
        _rules[rule_id] = Rule(
            rule_id, severity, why, source, example, subject, check, reads_certificates, misses, needs
        )
        return check

    return register


def all_rules() -> list[Rule]:
    """Every registered rule, in the order of registration."""
    return list(_rules.values())
