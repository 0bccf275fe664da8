"""Durations as Istio reads them: Go's `1h2m3.5s`."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

MILLISECOND = 10**6
SECOND = 10**9
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
}
_UNIT = "|".join(sorted(_NANOSECONDS, key=len, reverse=True))
_ONE = re.compile(rf"(\d+\.?\d*|\.\d+)({_UNIT})", re.ASCII)
_ALL = re.compile(rf"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:{_UNIT}))+", re.ASCII)
_LONGEST = 2**63


@lru_cache(maxsize=4096)
def nanoseconds(text: str) -> int | None:
    """The length of a duration, a fraction of a nanosecond cut off; None where the text is none, or too long for Go."""
    if text in ("0", "+0", "-0"):
        return 0
    if not _ALL.fullmatch(text):
        return None
    length = sum(int(Fraction(number) * _NANOSECONDS[unit]) for number, unit in _ONE.findall(text))
    sign = -1 if text.startswith("-") else 1
    return sign * length if length < _LONGEST or (sign < 0 and length == _LONGEST) else None
