"""New TLS connections at a steady rate for as long as a block of work takes, and what became of each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from istio_ingress.live.client import Answer

WORKERS = 8


@dataclass
class Load:
    """Sends `ask()` from several threads, `per_second` times a second in all, from `with` to its end.

    Every request is a connection of its own: `doctor.client.send` keeps none.
    """

    ask: Callable[[], Answer]
    per_second: float = 30.0
    answers: list[tuple[float, Answer]] = field(default_factory=list)
    started: float = 0.0
    ended: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Load:
        self.started = time.monotonic()
        self._threads = [threading.Thread(target=self._work, args=(worker,)) for worker in range(WORKERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.ended = time.monotonic()

    @property
    def rate(self) -> float:
        """Connections a second, as it really was."""
        return len(self.answers) / (self.ended - self.started)

    def other_than(self, status: int) -> list[Answer]:
        """Every answer that is not this status; a refused handshake among them."""
        return [answer for _, answer in self.answers if answer.status != status]

    def lost(self, status: int) -> list[Answer]:
        """Those that are not this status, whatever the backend did.

        go-httpbin closes connections that are idle for 5 seconds; a request that comes just then gets Envoy's 503
        "connection termination" (docs/service-backend.md), which says nothing about certificates.
        """
        return [answer for answer in self.other_than(status) if not answer.body.endswith("connection termination")]

    def served_after(self, moment: float, accept: Callable[[Answer], bool]) -> float:
        """Seconds from `moment` (time.monotonic) to the first accepted answer."""
        return min(when for when, answer in self.answers if accept(answer) and when >= moment) - moment

    def _work(self, worker: int) -> None:
        interval = WORKERS / self.per_second
        due = self.started + interval * worker / WORKERS
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            answer = self.ask()
            self.answers.append((time.monotonic(), answer))
            due = max(due + interval, time.monotonic() - interval)
