"""What the subcommands say at a terminal: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO

_GREEN, _YELLOW, _RED, _FAINT = 32, 33, 31, 2
_COLOURS = {
    "ok": _GREEN,
    "cleared": _GREEN,
    "warning": _YELLOW,
    "due": _YELLOW,
    "left": _YELLOW,
    "unknown": _YELLOW,
    "error": _RED,
    "failed": _RED,
    "WRONG": _RED,
    "waived": _FAINT,
    "kept": _FAINT,
}


class CommandError(Exception):
    """One sentence that a person can act on; the command ends with exit code 2."""


def say(text: str = "", *, end: str = "\n") -> None:
    """Write a result.

    Raises:
        CommandError: it cannot be written, as where a disk is full.
    """
    write(text + end, sys.stdout)


def note(text: object) -> None:
    """Say something that is no result."""
    write(f"istio-ingress: {text}\n", sys.stderr)


def write(text: str, to: TextIO) -> None:
    """Write to a stream. A reader that has gone away (`| head -1`) is no error, and nothing is written any more.

    Raises:
        CommandError: it cannot be written.
    """
    try:
        print(text, end="", file=to, flush=True)
    except OSError as error:
        # What is left in the buffer would be tried again at the end, and fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
        if not isinstance(error, BrokenPipeError):
            raise CommandError(f"cannot write the output: {error.strerror}.") from None


def word(text: str, width: int = 0) -> str:
    """A status word, padded to `width`; in its colour where a person reads it."""
    padded = f"{text:<{width}}"
    return f"\x1b[{_COLOURS[text]}m{padded}\x1b[0m" if text in _COLOURS and _is_coloured() else padded


def accept_any_text() -> None:
    """Let what standard output cannot encode (`→` in ASCII, a file name that is no UTF-8) be written as an escape.

    A stream that was closed from the start (`2>&-`) takes everything, and nobody reads it.
    """
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _is_coloured() -> bool:
    """https://no-color.org: a variable that is set and not empty; `dumb` is a terminal that knows no colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
