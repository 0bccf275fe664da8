"""Debian packages of the running release, unpacked into a directory; nothing is installed on the host."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

from lab.cache import artifact, key_of, locked
from lab.errors import LabError
from lab.parts.catalog import DebianSet

UNUSED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/lintian",
    "usr/share/locale",
    "usr/share/bash-completion",
    "etc/init.d",
)
IPTABLES = ("iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "ip6tables-restore")


def key(packages: DebianSet) -> str:
    """Which packages; mirrors keep only the current version, so the version is recorded, not chosen."""
    return key_of(dataclasses.asdict(packages), "layout 1")


def build(packages: DebianSet, cache: Path, log: Path) -> Path:
    """The directory with `root/`, the unpacked files, and `versions.txt`.

    Raises:
        LabError: apt could not list or download a package.
    """
    return artifact(
        cache, f"debian-{packages.name}", key(packages), lambda scratch: _unpack(packages, cache, scratch, log)
    )


def versions(built: Path) -> dict[str, str]:
    """Package to version, as unpacked."""
    return dict(line.split(" ", 1) for line in (built / "versions.txt").read_text().splitlines())


def _unpack(packages: DebianSet, cache: Path, scratch: Path, log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    apt = _Apt(cache / "apt", log)
    with locked(cache / "locks" / "apt.lock", "another apt-get update of the lab"):
        apt.update()
    names = [
        name
        for name in apt.closure(packages.packages)
        if not any(fnmatch(name, pattern) for pattern in packages.without)
    ]
    downloads, root = scratch / "downloads", scratch / "root"
    downloads.mkdir()
    apt.run("apt-get", "download", *names, directory=downloads)
    recorded = []
    for archive in sorted(downloads.glob("*.deb")):
        apt.run("dpkg-deb", "-x", str(archive), str(root), directory=scratch)
        recorded.append(
            apt.run("dpkg-deb", "-W", "--showformat", "${Package} ${Version}\n", str(archive), directory=scratch)
        )
    (scratch / "versions.txt").write_text("".join(recorded))
    shutil.rmtree(downloads)
    _merge_usr(root)
    for directory in UNUSED:
        shutil.rmtree(root / directory, ignore_errors=True)
    for name in IPTABLES:  # what update-alternatives would link at installation
        if (root / "usr/sbin/xtables-nft-multi").exists():
            (root / "usr/sbin" / name).unlink(missing_ok=True)
            (root / "usr/sbin" / name).symlink_to("xtables-nft-multi")


def _merge_usr(root: Path) -> None:
    """Move /bin, /sbin and /lib below /usr, where Debian 12 has them, and leave links."""
    for name in ("bin", "sbin", "lib", "lib64"):
        old, new = root / name, root / "usr" / name
        new.mkdir(parents=True, exist_ok=True)
        if old.is_dir() and not old.is_symlink():
            shutil.copytree(old, new, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(old)
        old.symlink_to(f"usr/{name}")


class _Apt:
    """apt with lists and cache of its own, so that the host's stay untouched."""

    def __init__(self, home: Path, log: Path) -> None:
        self._log = log
        self._home = home
        self._options = [
            f"-oDir::State={home}/state",
            f"-oDir::Cache={home}/cache",
            "-oDir::State::status=/dev/null",
            "-oAPT::Sandbox::User=root",
            "-oAcquire::Retries=3",
        ]

    def update(self) -> None:
        for directory in ("state/lists/partial", "cache/archives/partial"):
            (self._home / directory).mkdir(parents=True, exist_ok=True)
        self.run("apt-get", "update", directory=self._home)

    def closure(self, packages: list[str]) -> list[str]:
        leave = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
        listed = self.run("apt-cache", "depends", "--recurse", *leave, *packages, directory=self._home)
        named = {line.split(":")[0] for line in listed.splitlines() if line and line[0].isalnum()}
        shown = self.run("apt-cache", "show", "--no-all-versions", *sorted(named), directory=self._home)
        return sorted({line.removeprefix("Package: ") for line in shown.splitlines() if line.startswith("Package: ")})

    def run(self, command: str, *arguments: str, directory: Path) -> str:
        options = self._options if command.startswith("apt") else []
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        done = subprocess.run(
            [command, *options, *arguments], cwd=directory, env=environment, capture_output=True, text=True, check=False
        )
        with self._log.open("a") as log:
            print("$", command, *arguments, file=log)
            print(done.stderr, file=log)
        if done.returncode != 0:
            raise LabError(f"`{command} {arguments[0]}` failed.", log=self._log)
        return done.stdout
