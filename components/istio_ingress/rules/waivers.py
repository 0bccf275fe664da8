"""Waivers: a rule that does not apply, everywhere or to one object, with the reason; from settings or on the object."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from istio_ingress.rules.finding import SETTING, Finding
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import known

#: The annotation of an object with what is waived for it: `rule: reason`, one a line.
ANNOTATION = "istio-ingress/waive"
_OBJECT = re.compile(r"\w+ \S+")


@dataclass(eq=False)
class Waiver:
    """One line that waives something."""

    rule: str
    reason: str
    said_by: Resource
    """The object that carries the annotation, or `SETTINGS`."""
    path: str
    """Where it is said."""
    target: str = ""
    """The one object that it is about, as findings name it: `Gateway shop/web`. Empty: every object."""
    used: bool = field(default=False, init=False)
    """Whether it waived a finding."""
    could_be_used: bool = field(default=False, init=False)
    """Whether its rule was run, on values that are all known."""

    def covers(self, finding: Finding, about: Resource) -> bool:
        """Whether it waives a finding about a resource. A program's object goes by its name in the program, too."""
        if self.rule != finding.rule:
            return False
        if self.said_by is not SETTINGS:
            return self.said_by is about
        return self.target in ("", finding.resource, f"{finding.kind} {finding.origin}")


#: Stands for the settings where a finding is about them.
SETTINGS = Resource({"kind": SETTING, "metadata": {"name": "waivers"}}, "")


class Waivers:
    """All waivers that hold for a check."""

    def __init__(self, told: Mapping[str, str], resources: Iterable[Resource]) -> None:
        self.all = [*_of_settings(told), *(waiver for resource in resources for waiver in _of_object(resource))]
        self._by_rule: dict[str, list[Waiver]] = {}
        for waiver in self.all:
            if waiver.reason:
                self._by_rule.setdefault(waiver.rule, []).append(waiver)

    def reason(self, finding: Finding, about: Resource) -> str:
        """Why a finding is waived; empty if it is not. An object's own waiver comes before one of the settings."""
        covering = [waiver for waiver in self._by_rule.get(finding.rule, []) if waiver.covers(finding, about)]
        for waiver in covering:
            waiver.used = True
        own_first = sorted(covering, key=lambda waiver: (waiver.said_by is SETTINGS, not waiver.target))
        return own_first[0].reason if own_first else ""

    def expect_use(self, run: Iterable[str]) -> None:
        """Say which rules were run, all values being known: what waives one of them and was not used never is."""
        for rule in run:
            for waiver in self._by_rule.get(rule, []):
                waiver.could_be_used = True


def parts(key: str) -> tuple[str, str]:
    """The rule and the object of a waiver in settings: `host-conflict` or `host-conflict Gateway shop/web`.

    Raises:
        ValueError: what follows the rule names no object.
    """
    rule, _, target = key.partition(" ")
    if target and not _OBJECT.fullmatch(target):
        raise ValueError(f"{key!r} is not a rule, or a rule and an object such as `{rule} Gateway shop/web`")
    return rule, target


def near(wrong: str, known_ids: Collection[str]) -> str:
    """The end of a sentence about a rule that does not exist: the one that may be meant."""
    close = difflib.get_close_matches(wrong, known_ids, n=1)
    return f"; {close[0]!r} is one" if close else ""


def _of_settings(told: Mapping[str, str]) -> Iterator[Waiver]:
    for key, reason in told.items():
        rule, target = parts(key)
        yield Waiver(rule, reason, SETTINGS, key, target)


def _of_object(resource: Resource) -> Iterator[Waiver]:
    text = known(lambda: resource.metadata.node("annotations").text(ANNOTATION)) or ""
    for line in filter(None, map(str.strip, text.splitlines())):
        rule, _, reason = line.partition(":")
        yield Waiver(rule.strip(), reason.strip(), resource, f"metadata.annotations[{ANNOTATION}]")
