"""`python -m rules.docs > docs/rules.md`: the page about the rules, from the rules themselves."""

from __future__ import annotations

import difflib

import rules
from rules.registry import Rule

_HEAD = """\
# Rules

What can be wrong with an Istio ingress, and is found in manifests before anything is created. This page is written by
`python -m rules.docs > docs/rules.md`.

```
python -m rules gateway.yaml virtualservice.yaml
KINDS=gateways.networking.istio.io,virtualservices,serviceentries,destinationrules,services,secrets,pods
kubectl get $KINDS -A -o yaml | python -m rules --complete
```

It exits with 0 when nothing was found, 1 when something was (warnings count), 2 when a file cannot be read. What the
files do not hold is no finding, unless `--complete` says that they hold everything; values that are filled in later
(`${HOST}`) are not judged. `--waive RULE=REASON` silences a rule, and the waiver is shown. An **error** is refused or
dropped by Istio, or some of the traffic that it asks for cannot work; a **warning** is accepted, but does not do what
it seems to, or will stop working.

From Python: `rules.check(manifests, now=datetime.now(UTC), settings=rules.Settings(…))` gives a list of findings. The
rules need the standard library only, those marked † also the package `cryptography`.

In the examples, the lines with `-` break the rule and those with `+` put it right; `certificate(shop.example)` stands
for the PEM text of such a certificate.
"""


def page() -> str:
    """The whole page as Markdown."""
    rows = [
        f"| [{rule.id}](#{rule.id}){_mark(rule)} | {rule.severity.value} | {rule.why} |" for rule in rules.all_rules()
    ]
    table = "\n".join(["| Rule | Severity | Why |", "| --- | --- | --- |", *rows])
    return "\n".join([_HEAD, table, *(_section(rule) for rule in rules.all_rules())]) + "\n"


def _section(rule: Rule) -> str:
    settings = rule.example.settings
    told = [f"`{name}={value!r}`" for name, value in vars(settings).items() if value != getattr(rules.Settings(), name)]
    lines = [
        "",
        f"## {rule.id}",
        "",
        f"{rule.severity.value.capitalize()}. {rule.why}",
        "",
        f"Source: {rule.source}.",
        "",
    ]
    if told:
        lines += [f"With {', '.join(told)}:", ""]
    return "\n".join([*lines, "```diff", *_difference(rule), "```"])


def _difference(rule: Rule) -> list[str]:
    bad, good = rule.example.bad.splitlines(), rule.example.good.splitlines()
    return [line.rstrip() for line in difflib.ndiff(bad, good) if not line.startswith("?")]


def _mark(rule: Rule) -> str:
    return " †" if rule.reads_certificates else ""


if __name__ == "__main__":
    print(page(), end="")
