"""What the checks say, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from itertools import groupby
from typing import Any

from istio_ingress.terminal import word

ALL_RIGHT, FOUND, NOT_ASKED = 0, 1, 2
#: So many lines of one check that say "ok" are shown; of more, only the number.
SHOWN = 6
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


class Status(Enum):
    """What a line says."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The question could not be put."""


@dataclass(frozen=True)
class Line:
    """One answer of a check."""

    status: Status
    subject: str
    """What was looked at."""
    seen: str
    next_step: str = ""
    check: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON writes it."""
        return {**asdict(self), "status": self.status.value}


def ok(subject: str, seen: str) -> Line:
    """Nothing is wrong here."""
    return Line(Status.OK, subject, seen)


def warning(subject: str, seen: str, next_step: str) -> Line:
    """It works, but not as it seems to, or not for long."""
    return Line(Status.WARNING, subject, seen, next_step)


def failed(subject: str, seen: str, next_step: str) -> Line:
    """It does not work."""
    return Line(Status.FAILED, subject, seen, next_step)


def unknown(subject: str, seen: str, next_step: str = "") -> Line:
    """It could not be asked."""
    return Line(Status.UNKNOWN, subject, seen, next_step)


def exit_code(lines: Iterable[Line]) -> int:
    """1 where something was found, warnings included; else 2 where something could not be asked; else 0."""
    said = {line.status for line in lines}
    if said & {Status.FAILED, Status.WARNING}:
        return FOUND
    return NOT_ASKED if Status.UNKNOWN in said else ALL_RIGHT


def as_json(lines: Sequence[Line]) -> dict[str, Any]:
    """Every line, and how many say what."""
    return {"summary": _counts(lines), "exit_code": exit_code(lines), "lines": [line.as_dict() for line in lines]}


def as_text(lines: Sequence[Line], *, whole: bool = False) -> str:
    """A table with the next step under every line that is not "ok"; many that are become one, unless `whole`."""
    width = max(len(line.check) for line in lines)
    margin = " " * (9 + width + 1)
    shown = []
    for check, group in groupby(lines, lambda line: line.check):
        of_check = list(group)
        fine = [line for line in of_check if line.status is Status.OK]
        hidden = 0 if whole or len(fine) <= SHOWN else len(fine) - SHOWN + 1
        kept = fine[: len(fine) - hidden]
        for line in (line for line in of_check if line.status is not Status.OK or line in kept):
            shown.append(f"{word(line.status.value, 9)}{check:<{width}} {line.subject}: {line.seen}")
            shown += [f"{margin}→ {line.next_step}"] if line.next_step else []
        if hidden:
            shown.append(f"{word('ok', 9)}{check:<{width}} and {hidden} more (--all shows them)")
    counts = ", ".join(f"{number} {status}" for status, number in _counts(lines).items() if number)
    return "\n".join([*shown, "", f"doctor: {counts}"])


def without_keys(text: str) -> str:
    """The text as it is. No line ever holds a private key; should one, a mistake here, it is not shown.

    Raises:
        AssertionError: the text holds one.
    """
    if _KEY.search(text):
        raise AssertionError("the report holds a private key and is not shown")
    return text


def _counts(lines: Iterable[Line]) -> dict[str, int]:
    said = [line.status for line in lines]
    return {status.value: said.count(status) for status in Status}
