"""What this machine must have, checked before anything is built or started."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from lab.errors import LabError
from lab.parts import golang
from lab.settings import LabSettings

COMMANDS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "dpkg-deb": "dpkg",
    "apt-get": "apt",
}
BUILD_GIGABYTES = 12
RUN_GIGABYTES = 3


def check(settings: LabSettings) -> None:
    """Refuse a machine on which the lab could not run.

    Raises:
        LabError: one sentence that says what is missing.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise LabError(
            f"the lab runs on Linux on x86_64; this is {platform.system()} on {platform.machine()}. "
            "`make up LAB=0` uses a cluster of yours."
        )
    if os.geteuid() != 0:
        raise LabError(
            "the lab needs root to make namespaces and mounts; run it as root, "
            "or use a cluster of yours with `make up LAB=0`."
        )
    if not Path("/etc/debian_version").exists():
        raise LabError(
            "the lab unpacks packages of Debian 12 and runs them on its C library; this system is no Debian."
        )
    for command, package in COMMANDS.items():
        if shutil.which(command) is None:
            raise LabError(f"`{command}` is not on PATH; install {package}.")
    golang.release()
    wanted = RUN_GIGABYTES if (settings.cache / "parts").exists() else BUILD_GIGABYTES
    _check_space(settings.cache, wanted)
    _check_space(settings.state, RUN_GIGABYTES)


def _check_space(directory: Path, gigabytes: int) -> None:
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free / 1e9
    if free < gigabytes:
        raise LabError(f"{existing} has {free:.1f} GB free; the lab needs {gigabytes} GB there.")
