"""Ctrl-C, `kill` and a terminal that is closed: all end a command in good order."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab import processes

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(KeyboardInterrupt):
    """A signal has asked the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextmanager
def heard_once() -> Iterator[None]:
    """Raise `Interrupted` at the first signal and end what was started; the way out is not interrupted again."""

    def hear(number: int, _: Any) -> None:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)
        for pid in processes.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        raise Interrupted(number)

    heard = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
    for one in heard:
        signal.signal(one, hear)
    yield
