"""The lab's process 1, seen from the host: start it, know it again, enter it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.node import cgroups
from lab.settings import LabSettings

START_SECONDS = 5.0
END_SECONDS = 5.0
SOURCES = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Init:
    """Process 1 of a lab; the start time tells it from a later process with the same id."""

    pid: int
    start_ticks: int

    def is_alive(self) -> bool:
        """Whether it is this very process that runs."""
        return _start_ticks(self.pid) == self.start_ticks


def start(settings: LabSettings, debian_root: Path, binary_directories: list[Path]) -> Init:
    """Start process 1 in namespaces of its own.

    Raises:
        LabError: it did not start; the log says why.
    """
    log = settings.logs / "init.log"
    command = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "--net",
        "--pid",
        "--uts",
        "--ipc",
        "--fork",
        "--kill-child",
        "--",
    ]
    command += [sys.executable, "-m", "lab.node.init", str(debian_root), *map(str, binary_directories)]
    with log.open("ab") as output:
        unshare = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env=_environment(settings),
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and unshare.poll() is None:
        children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        ticks = _start_ticks(int(children[0])) if children else None
        if ticks is not None:
            init = Init(int(children[0]), ticks)
            (settings.run / "init.json").write_text(json.dumps({"pid": init.pid, "start_ticks": init.start_ticks}))
            return init
        time.sleep(0.01)
    raise LabError("the lab's namespaces could not be made.", log=log)


def find(settings: LabSettings) -> Init | None:
    """The process 1 that an earlier `up` left, if it still runs."""
    try:
        stored = json.loads((settings.run / "init.json").read_text())
    except (OSError, ValueError):
        return None
    init = Init(stored["pid"], stored["start_ticks"])
    return init if init.is_alive() else None


def enter(init: Init, *command: str) -> list[str]:
    """The command line that runs `command` inside every namespace of the lab."""
    return ["nsenter", "-t", str(init.pid), "-n", "-m", "-p", "-u", "-i", "--", *command]


def end(settings: LabSettings) -> None:
    """Kill process 1, and with it everything in its process namespace; then whatever else its cgroups still hold.

    Raises:
        LabError: a process of the lab could not be ended.
    """
    init = find(settings)
    if init is not None:
        os.kill(init.pid, signal.SIGKILL)
    deadline = time.monotonic() + END_SECONDS
    while (left := cgroups.processes(settings.name)) and time.monotonic() < deadline:
        if init is None:  # process 1 is gone, so these are orphans of a start that was killed half-way
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    if left:
        raise LabError(f"processes {sorted(left)} of the lab did not end within {END_SECONDS:.0f} s.")
    (settings.run / "init.json").unlink(missing_ok=True)


def _environment(settings: LabSettings) -> dict[str, str]:
    # No proxy variable may reach the node: nothing leads out of it.
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {
        "PYTHONPATH": str(SOURCES),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAB_SUBNET": str(settings.subnet),
        "XDG_CACHE_HOME": str(settings.cache.parent),
        "XDG_STATE_HOME": str(settings.state.parent.parent),
    }


def _start_ticks(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])
