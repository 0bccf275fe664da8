"""The command `pulumi`, in a project and on one of its stacks."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from istio_ingress import terminal
from istio_ingress.terminal import CommandError


class NotInstalledError(CommandError):
    """There is no `pulumi`."""


@dataclass(frozen=True)
class Outcome:
    """How a pulumi command ended, and all that it printed."""

    code: int
    output: str

    @property
    def reason(self) -> str:
        """What it says of its failure: its last line, as a rule."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        said = [line for line in lines if line.startswith("error: ")] or lines or ["no reason given"]
        return said[-1].removeprefix("error: ")


_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_ONE_AND_THE_SAME = 0.5  # seconds: what ends a group of processes tells each, and make tells its own once more


class _Signals:
    """Hands signals on to pulumi, which leaves no lock where it may end in its own time.

    It is told by SIGINT, whichever comes: it does not know SIGHUP. A second one makes it give up what it is at.
    """

    def __init__(self) -> None:
        self._told: list[int] = []
        self._last = -math.inf
        self._process: subprocess.Popen[str] | None = None

    @contextmanager
    def heard(self) -> Iterator[None]:
        """For as long as pulumi runs, and a moment before.

        Raises:
            KeyboardInterrupt: SIGINT was heard.
            SystemExit: another one was.
        """
        before = {number: signal.getsignal(number) for number in _SIGNALS} if _is_main_thread() else {}
        listening = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
        for number in listening:
            signal.signal(number, self._hear)
        try:
            yield
        finally:
            for number in listening:
                signal.signal(number, before[number])
        if self._told and self._told[0] != signal.SIGINT:
            raise SystemExit(128 + self._told[0])
        if self._told:
            raise KeyboardInterrupt

    def go_to(self, process: subprocess.Popen[str]) -> None:
        """From now on, with what has come already."""
        self._process = process
        if self._told:
            process.send_signal(signal.SIGINT)

    def _hear(self, number: int, _: Any) -> None:
        if time.monotonic() - self._last < _ONE_AND_THE_SAME:
            return
        self._last = time.monotonic()
        self._told.append(number)
        if self._process:
            self._process.send_signal(signal.SIGINT)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@dataclass(frozen=True)
class Pulumi:
    """`pulumi` in a folder; it is never asked anything back."""

    cwd: Path = field(default_factory=Path)
    """A project's folder, or one below it."""
    stack: str = ""
    """As `pulumi --stack` takes it. Default: the one that PULUMI_STACK or `pulumi stack select` names."""

    def show(self, *arguments: str, to: TextIO | None = None) -> Outcome:
        """Run it, writing its output to `to` (standard output) as it comes, and keep that."""
        target = sys.stdout if to is None else to
        lines, unwritten = [], None
        with self._started(arguments, stderr=subprocess.STDOUT) as process:
            for line in process.stdout or ():
                lines.append(line)
                try:
                    terminal.write(line, target)
                except CommandError as error:  # a terminal that was closed: pulumi still has to be heard to its end
                    unwritten = error
        if unwritten:
            raise unwritten
        return Outcome(process.returncode, "".join(lines))

    def run(self, *arguments: str) -> tuple[Outcome, str]:
        """Run it quietly: how it ended, with what it said of that, and its standard output."""
        with self._started(arguments, stderr=subprocess.PIPE) as process:
            output, error = process.communicate()
        return Outcome(process.returncode, error or output), output

    def ask(self, *arguments: str) -> str:
        """Run it quietly; gives its standard output.

        Raises:
            CommandError: it failed.
        """
        outcome, output = self.run(*arguments)
        if outcome.code:
            raise CommandError(f"`pulumi {' '.join(arguments[:2])}` failed: {outcome.reason}")
        return output

    def ask_json(self, *arguments: str) -> Any:
        """Run it quietly; gives the JSON that it prints.

        Raises:
            CommandError: it failed, or printed something else.
        """
        return read_json(self.ask(*arguments), "pulumi " + " ".join(arguments[:2]))

    @contextmanager
    def _started(self, arguments: tuple[str, ...], stderr: int) -> Iterator[subprocess.Popen[str]]:
        signals = _Signals()
        with signals.heard(), self._start(arguments, stderr) as process:
            signals.go_to(process)
            yield process

    def _start(self, arguments: tuple[str, ...], stderr: int) -> subprocess.Popen[str]:
        if not self.cwd.is_dir():
            raise CommandError(f"{str(self.cwd)!r} is no folder.")
        command = ["pulumi", *arguments, "--non-interactive"]
        try:
            return subprocess.Popen(
                command,
                cwd=self.cwd,
                env=self._environment(arguments[0]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                encoding="utf-8",
                errors="replace",
                # A terminal tells its whole group of Ctrl-C, and of its own end: here that is told once, by us.
                process_group=0 if _is_main_thread() else None,
            )
        except FileNotFoundError:
            raise NotInstalledError("`pulumi` is not on PATH.") from None
        except OSError as error:
            raise CommandError(f"`pulumi` does not start: {error.strerror}.") from None

    @property
    def on_stack(self) -> tuple[str, ...]:
        """For commands whose error then names the stack, where there is no such one."""
        return ("--stack", self.stack) if self.stack else ()

    def backend_url(self) -> str:
        """Where the states are: `file:///srv/state`, `s3://bucket`, `https://api.pulumi.com`.

        Raises:
            CommandError: nobody is logged in anywhere.
        """
        # `whoami` says the same, unless the backend itself cannot be read.
        return os.environ.get("PULUMI_BACKEND_URL") or str(self.ask_json("whoami", "--json")["url"])

    def _environment(self, command: str) -> Mapping[str, str]:
        on_stack = {"PULUMI_STACK": self.stack} if self.stack else {}
        # Engines of today work out the whole state after every step, of a preview too, which writes none.
        without_state = {"PULUMI_SKIP_CHECKPOINTS": "true"} if command == "preview" else {}
        return {**os.environ, **on_stack, **without_state}


def read_json(text: str, command: str) -> Any:
    """The JSON that a command printed.

    Raises:
        CommandError: it is something else.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CommandError(f"`{command}` printed no JSON: {text.strip()[:60]!r}.") from None
