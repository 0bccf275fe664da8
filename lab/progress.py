"""Progress of long work: what runs, for how long, and how long it took last time."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEARTBEAT_SECONDS = 20.0


class Progress:
    """Prints one line when a step takes long, one when it is done, and remembers durations between runs."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._last: dict[str, float] = _read(memory)
        self.started = time.monotonic()

    @contextmanager
    def step(self, name: str, *, quiet_below: float = 0.0) -> Iterator[None]:
        """Time a block of work under a name; shorter than `quiet_below` seconds it goes unmentioned."""
        started = time.monotonic()
        done = threading.Event()
        threading.Thread(target=self._heartbeat, args=(name, started, done), daemon=True).start()
        try:
            yield
        except BaseException:
            self._say("failed", name, time.monotonic() - started)
            raise
        else:
            took = time.monotonic() - started
            if took >= quiet_below:
                self._say("done", name, took)
                self._remember(name, took)
        finally:
            done.set()

    def _heartbeat(self, name: str, started: float, done: threading.Event) -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            self._say("…", name, time.monotonic() - started)

    def _say(self, state: str, name: str, seconds: float) -> None:
        last = self._last.get(name)
        before = f"  (last time {_clock(last)})" if last is not None else ""
        with self._lock:
            print(f"  {state:<6} {name:<44} {_clock(seconds):>8}{before}", file=sys.stderr, flush=True)

    def _remember(self, name: str, seconds: float) -> None:
        with self._lock, contextlib.suppress(OSError):  # a full disk: a duration is no reason to stop
            merged = _read(self._memory) | {name: round(seconds, 1)}
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            scratch = self._memory.with_suffix(f".{os.getpid()}")
            scratch.write_text(json.dumps(merged, indent=1, sort_keys=True))
            scratch.rename(self._memory)


def _clock(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds // 60:.0f} m {seconds % 60:02.0f} s"


def _read(memory: Path) -> dict[str, float]:
    try:
        stored = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return stored if isinstance(stored, dict) else {}
