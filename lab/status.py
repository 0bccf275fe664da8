"""What runs in the lab: processes, versions, memory, logs."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path

from lab import lifecycle
from lab.errors import LabError
from lab.node import cgroups
from lab.settings import LabSettings


def table(settings: LabSettings) -> str:
    """One line a supervised process, one a pod process by name, and the sum of memory."""
    memory = memory_by_name(settings)
    total = sum(memory.values())
    versions = lifecycle.stored_versions(settings)
    lines = [f"{'PROCESS':<26}{'SINCE':<10}{'STARTS':>6}  {'MEMORY':>9}  VERSION"]
    supervised = json.loads((settings.run / "processes.json").read_text())
    for name, process in supervised.items():
        since = time.strftime("%H:%M:%S", time.localtime(process["since"])) if process["pid"] else "stopped"
        lines.append(_line(name, since, process["starts"], memory.pop(name, 0), versions))
    for name, size in sorted(memory.items(), key=lambda item: -item[1]):
        lines.append(_line(name, "", "", size, versions))
    lines.append(_line("all", "", "", total, versions))
    lines.append(f"Pulumi: {_pulumi(settings, versions)}")
    lines.append(f"logs: {settings.logs}; pods' logs: {settings.state / 'podlogs'}")
    return "\n".join(lines)


def _pulumi(settings: LabSettings, versions: dict[str, str]) -> str:
    if not (settings.run / "ready.json").exists():
        return "not chosen yet"
    plugins = [f"{name} {versions[name]}" for name in sorted(versions) if name.startswith("pulumi-resource-")]
    return ", with ".join([lifecycle.stored_pulumi(settings).describe(), *filter(None, [" and ".join(plugins)])])


def _line(name: str, since: str, starts: int | str, size: int, versions: dict[str, str]) -> str:
    return f"{name:<26}{since:<10}{starts:>6}  {size / 1e6:>6.0f} MB  {versions.get(name, '')}".rstrip()


def memory_by_name(settings: LabSettings) -> dict[str, int]:
    """Bytes by process name; shared pages are counted once (proportional set size)."""
    sizes: dict[str, int] = defaultdict(int)
    for pid in cgroups.processes(settings.name):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        proportional = next((line for line in rollup.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
        name = Path(command[0].decode(errors="replace").partition(": ")[0]).name  # nginx says there what it does
        sizes["init" if name.startswith("python") else name] += int(proportional.split()[1]) * 1024
    return dict(sizes)


def log_of(settings: LabSettings, name: str) -> Path:
    """The log file of a process, or of the first container of a pod.

    Raises:
        LabError: there is none of that name; the sentence lists those there are.
    """
    processes = {path.stem: path for path in sorted(settings.logs.glob("*.log"))}
    pods = {path.parent.parent.name.split("_")[1]: path for path in sorted(settings.state.glob("podlogs/*/*/*.log"))}
    found = processes.get(name) or next((path for pod, path in pods.items() if pod.startswith(name)), None)
    if found is None:
        raise LabError(
            f"the lab has no log named {name!r}; there are: {', '.join([*processes, *pods]) or 'none, it never ran'}."
        )
    return found
