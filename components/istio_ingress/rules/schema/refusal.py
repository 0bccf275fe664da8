"""A mistake that Istio's validation refuses."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """The rule that is broken, where, and the words for it."""

    rule: str
    path: str
    message: str
    remedy: str
