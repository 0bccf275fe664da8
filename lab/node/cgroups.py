"""The lab's cgroups: one parent for the node's processes and the pods, on cgroup v1 and v2."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
NODE = "node"
V2_CONTROLLERS = ("cpu", "cpuset", "memory", "io", "pids", "hugetlb")
REMOVAL_SECONDS = 5.0


def version() -> int:
    """2 where the unified hierarchy is mounted, else 1."""
    return 2 if (MOUNT / "cgroup.controllers").exists() else 1


def parents(name: str) -> list[Path]:
    """The lab's cgroup in every hierarchy."""
    if version() == 2:
        return [MOUNT / name]
    hierarchies = (path for path in MOUNT.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())
    return [hierarchy / name for hierarchy in hierarchies]


def create(name: str) -> None:
    """Make the parent and, below it, the node's own cgroup, with the controllers that kubelet wants."""
    for parent in parents(name):
        if version() == 2:
            _enable_v2(MOUNT)
            parent.mkdir(exist_ok=True)
            _enable_v2(parent)
            (parent / NODE).mkdir(exist_ok=True)
        else:
            for directory in (parent, parent / NODE):
                directory.mkdir(exist_ok=True)
                _inherit_cpuset(directory)


def enter(name: str) -> None:
    """Move the calling process, and so all that it starts, into the node's cgroup."""
    for parent in parents(name):
        (parent / NODE / "cgroup.procs").write_text("0")


def processes(name: str) -> set[int]:
    """Ids of everything that runs in the lab, as the host sees them."""
    found: set[int] = set()
    for parent in parents(name):
        for listing in parent.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in listing.read_text().split())
    return found


def remove(name: str) -> list[Path]:
    """Delete the lab's cgroups once they are empty; what could not be deleted is returned."""
    deadline = time.monotonic() + REMOVAL_SECONDS
    while True:
        for parent in parents(name):
            below = sorted(
                (path for path in parent.rglob("*") if path.is_dir()), key=lambda path: len(path.parts), reverse=True
            )
            for directory in [*below, parent]:
                with contextlib.suppress(OSError):
                    directory.rmdir()
        left = [parent for parent in parents(name) if parent.exists()]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.05)


def _enable_v2(directory: Path) -> None:
    available = (directory / "cgroup.controllers").read_text().split()
    wanted = " ".join(f"+{controller}" for controller in V2_CONTROLLERS if controller in available)
    (directory / "cgroup.subtree_control").write_text(wanted)


def _inherit_cpuset(directory: Path) -> None:
    # A v1 cpuset takes no process until it names its processors and memory.
    for mask in ("cpuset.cpus", "cpuset.mems"):
        if (directory / mask).exists():
            (directory / mask).write_text((directory.parent / mask).read_text())
