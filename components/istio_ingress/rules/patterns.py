"""Texts as Istio's StringMatch compares them, and regular expressions as RE2 reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from istio_ingress.rules.values import Node, NotKnownError

#: Where Python would read a pattern otherwise than RE2: classes by name, \Q, \z, possessive and lazy words, {,n}.
_FOREIGN = re.compile(r"\\[pPCQEzZxkg]|\[\[:|\(\?[<U#>]|\(\?P=|[*+?}]\+|\{,|&&|--|\|\||~~")


@dataclass(frozen=True)
class Pattern:
    """One StringMatch."""

    kind: str
    """`exact`, `prefix`, `regex`, or `present` where it holds nothing."""
    value: str

    @classmethod
    def of(cls, node: Node) -> Pattern:
        """As a manifest has it."""
        for kind in ("exact", "prefix", "regex"):
            if kind in node:
                return cls(kind, node.text(kind))
        return cls("present", "")

    @property
    def asks_presence(self) -> bool:
        """Whether a header or a query parameter only has to be there: Istio reads the regex `*` so too."""
        return self.kind == "present" or (self.kind, self.value) == ("regex", "*")

    def takes(self, text: str) -> bool:
        """Whether the whole text is one that this means."""
        if self.kind == "exact":
            return text == self.value
        if self.kind == "prefix":
            return text.startswith(self.value)
        return self.kind == "present" or compiled(self.value).fullmatch(text) is not None

    def __str__(self) -> str:
        return f"{self.kind} {self.value}".strip()


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of RE2 for Python.

    Raises:
        NotKnownError: it may mean something else to Python.
    """
    if _FOREIGN.search(re.sub(r"\\\\", "", pattern)):
        raise NotKnownError(f"the regular expression {pattern!r} is one that only the gateway can read")
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        raise NotKnownError(f"the regular expression {pattern!r} is one that only the gateway can read") from None


def replaced(pattern: str, replacement: str, text: str) -> str:
    r"""The text with every match replaced, as RE2 does it: `\1` is a group, and no empty match follows a match.

    Raises:
        NotKnownError: the pattern may mean something else to Python.
    """
    expression = compiled(pattern)
    parts, done, last = [], 0, -1
    for match in expression.finditer(text):
        if match.start() == match.end() == last:
            continue
        parts += [text[done : match.start()], _filled(replacement, match)]
        done = last = match.end()
    return "".join([*parts, text[done:]])


def _filled(replacement: str, match: re.Match[str]) -> str:
    def fill(found: re.Match[str]) -> str:
        digit = found[1]
        return "\\" if digit == "\\" else (match.group(int(digit)) or "")

    try:
        return re.sub(r"\\(\\|\d)", fill, replacement)
    except IndexError:
        raise NotKnownError(
            f"the replacement {replacement!r} names a group that the expression does not have"
        ) from None
