"""When an object was written, to the hundredth of a second: its own timestamps know only whole ones."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType


@dataclass
class Writes:
    """Moments (time.monotonic) at which the API server told of a new state of the object, from `with` to its end."""

    kind: str
    name: str
    namespace: str
    moments: list[float] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Writes:
        command = ["kubectl", "get", self.kind, self.name, "--namespace", self.namespace, "--watch", "--output=name"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), f"there is no {self.kind} {self.name}"  # as it is before any write
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._thread is not None
        self._process.terminate()
        self._thread.join()
        self._process.wait()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for _ in self._process.stdout:
            self.moments.append(time.monotonic())
