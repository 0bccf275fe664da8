"""A rule in words, with its example: what `--explain` prints and docs/rules.md holds."""

from __future__ import annotations

import difflib

from istio_ingress import rules
from istio_ingress.rules.registry import Rule, all_rules
from istio_ingress.rules.waivers import near


def explained(rule_id: str) -> str:
    """What a rule is about, its source, and an example in Markdown: lines with `-` break it, those with `+` mend it.

    Raises:
        ValueError: there is no such rule.
    """
    by_id = {rule.id: rule for rule in all_rules()}
    if rule_id not in by_id:
        raise ValueError(f"there is no rule {rule_id!r} to explain{near(rule_id, list(by_id))}")
    return section(by_id[rule_id])


def section(rule: Rule) -> str:
    """The same, of a rule at hand."""
    settings = rule.example.settings
    told = [f"`{name}={value!r}`" for name, value in vars(settings).items() if value != getattr(rules.Settings(), name)]
    lines = [f"## {rule.id}", "", f"{rule.severity.value.capitalize()}. {rule.why}", "", f"Source: {rule.source}.", ""]
    if told:
        lines += [f"With {', '.join(told)}:", ""]
    return "\n".join([*lines, "```diff", *_difference(rule), "```"])


def _difference(rule: Rule) -> list[str]:
    bad, good = rule.example.bad.splitlines(), rule.example.good.splitlines()
    return [line.rstrip() for line in difflib.ndiff(bad, good) if not line.startswith("?")]
