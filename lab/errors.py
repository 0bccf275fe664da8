"""The lab's one kind of expected failure."""

from __future__ import annotations

from pathlib import Path

TAIL_LINES = 15


class LabError(Exception):
    """Something a person can act on: one sentence, and the log that holds the rest where there is one."""

    def __init__(self, sentence: str, *, log: Path | None = None, exit_code: int = 1) -> None:
        super().__init__(sentence)
        self.log = log
        self.exit_code = exit_code

    def report(self) -> str:
        """The sentence, then the end of the log and its path."""
        lines = [str(self)]
        if self.log is not None and self.log.exists():
            tail = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
            lines += [f"  | {line}" for line in tail] + [f"  the whole log: {self.log}"]
        return "\n".join(lines)
