"""Rules about waivers: one that waives nothing hides what comes next."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules import registry
from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.waivers import ANNOTATION, SETTINGS, Waiver, near

_SOURCE = "docs/check.md"


def _annotated(line: str) -> str:
    return GATEWAY.replace("namespace: shop", f'namespace: shop, annotations: {{{ANNOTATION}: "{line}"}}')


@rule(
    Waiver,
    "waiver-invalid",
    Severity.WARNING,
    source=_SOURCE,
    example=Example(f"{_annotated('gateway-name')}\n{HTTP_SERVER}\n", f"{GATEWAY}\n{HTTP_SERVER}\n"),
)
def waiver_invalid(waiver: Waiver, _: Index) -> Iterator[Problem]:
    """An annotation waives by lines of `rule: reason`; one without a reason, or of no rule, does nothing."""
    if waiver.said_by is SETTINGS:
        return  # refused where settings are read
    ids = [one.id for one in registry.all_rules()]
    if waiver.rule not in ids:
        yield Problem(
            waiver.said_by,
            waiver.path,
            f"There is no rule {waiver.rule!r} to waive{near(waiver.rule, ids)}.",
            "Name a rule, and behind a colon the reason.",
        )
    elif not waiver.reason:
        yield Problem(
            waiver.said_by,
            waiver.path,
            f"The waiver of {waiver.rule} gives no reason, so it does not hold.",
            f"Write `{waiver.rule}: the reason`.",
        )


@rule(
    Waiver,
    "waiver-unused",
    Severity.WARNING,
    source=_SOURCE,
    example=Example(f"{_annotated('gateway-name: so')}\n{HTTP_SERVER}\n", f"{GATEWAY}\n{HTTP_SERVER}\n"),
    misses=True,
)
def waiver_unused(waiver: Waiver, _: Index) -> Iterator[Problem]:
    """A waiver that no longer waives anything hides the next mistake of its kind."""
    if waiver.could_be_used and not waiver.used:
        yield Problem(
            waiver.said_by,
            waiver.path,
            f"The waiver of {waiver.rule}{f' for {waiver.target}' if waiver.target else ''} waives nothing here.",
            "Take it out, or name the rule and the object as their finding does.",
        )
