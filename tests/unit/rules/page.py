"""`python -m tests.unit.rules.page > docs/rules.md`: the page about the rules, from the rules themselves."""

from __future__ import annotations

from istio_ingress import rules
from istio_ingress.check.explaining import section
from istio_ingress.rules import kinds
from istio_ingress.rules.registry import Rule

_HEAD = """\
# Rules

What can be wrong with an Istio ingress, and is found in manifests before anything is created. This page is written by
`python -m tests.unit.rules.page > docs/rules.md`.

```
istio-ingress check gateway.yaml virtualservice.yaml
{kinds}
kubectl get $KINDS -A -o yaml | istio-ingress check --complete
```

[check.md](check.md) has the command, its formats and the waivers. What the files do not hold is no finding, unless
`--complete` says that they hold everything; but what is beside a Gateway is taken for all that there is about tokens
(`claim-without-authentication`, `token-not-required`). Values that are filled in later (`${HOST}`) are not judged. An
**error** is refused or dropped by Istio, or some of the traffic that it asks for cannot work; a **warning** is
accepted, but does not do what it seems to, or will stop working.

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
    head = _HEAD.replace("{kinds}", _kinds())
    return "\n".join([head, table, *(f"\n{section(rule)}" for rule in rules.all_rules())]) + "\n"


def _kinds() -> str:
    """What kubectl calls all that the rules read, as lines of a shell."""
    called = [kind.kubectl for kind in kinds.in_a_cluster()]
    lines = [",".join(called[first : first + 4]) for first in range(0, len(called), 4)]
    return "KINDS=" + "\nKINDS=$KINDS,".join(lines)


def _mark(rule: Rule) -> str:
    return " †" if rule.reads_certificates else ""


if __name__ == "__main__":
    print(page(), end="")
