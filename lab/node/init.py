"""Process 1 of the lab: private mounts, the node's network, and the processes that make a node.

Runs inside the lab's namespaces; the host knows it by its process id and learns of the rest from `run/processes.json`.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from lab import settings as lab_settings
from lab.node import cgroups
from lab.node.templates import CONFIG, render
from lab.settings import LabSettings

NODE_INTERFACE = "node0"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
RESTART_SECONDS = 1.0
TICK_SECONDS = 0.05


@dataclass
class Process:
    """One supervised process of the node."""

    command: list[str]
    after: str = ""
    ready: str = ""
    pid: int = 0
    starts: int = 0
    since: float = 0.0
    is_ready: bool = field(default=False, compare=False)


def main(debian_root: Path, binary_directories: list[Path]) -> None:
    """Set the node up, then supervise its processes until killed."""
    settings = lab_settings.from_environment()
    cgroups.enter(settings.name)
    _mount_all(settings, debian_root)
    _name_node(settings)
    _write_configuration(settings)
    _set_up_network(settings)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.environ.clear()
    os.environ.update(
        {
            "PATH": ":".join([*map(str, binary_directories), PATH]),
            "HOME": "/run",
            "TMPDIR": str(_directory(settings.state / "tmp")),
        }
    )
    _supervise(settings, _processes(settings))


def _mount_all(settings: LabSettings, debian_root: Path) -> None:
    _run("mount", "-t", "proc", "proc", "/proc")
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for name, lower in (("var", "/var"), ("etc", "/etc"), ("usr", f"{debian_root}/usr:/usr")):
        upper, work = (_directory(settings.state / "overlay" / name / part) for part in ("upper", "work"))
        _run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={upper},workdir={work}", f"/{name}")
    _run("mount", "--make-rshared", "/")
    for kernel_file, value in tomllib.loads((CONFIG / "sysctls.toml").read_text()).items():
        decoy = _directory(settings.state / "sysctl") / kernel_file.replace("/", "_")
        decoy.write_text(f"{value}\n")
        _run("mount", "--bind", str(decoy), f"/proc/sys/{kernel_file}")


def _name_node(settings: LabSettings) -> None:
    socket.sethostname(settings.name)
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost\n{settings.node_ip} {settings.name}\n")
    Path("/etc/resolv.conf").unlink(missing_ok=True)
    Path("/etc/resolv.conf").write_text("nameserver 127.0.0.1\n")


def _write_configuration(settings: LabSettings) -> None:
    for name in ("containerd.toml", "kubelet.yaml", "kube-proxy.yaml"):
        (_directory(Path("/etc/lab")) / name).write_text(render(name, settings))
    (_directory(Path("/etc/cni/net.d")) / "10-lab.conflist").write_text(render("cni.conflist", settings))


def _set_up_network(settings: LabSettings) -> None:
    while NODE_INTERFACE not in (name for _, name in socket.if_nameindex()):
        time.sleep(TICK_SECONDS)
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "address", "add", f"{settings.node_ip}/30", "dev", NODE_INTERFACE)
    _run("ip", "link", "set", NODE_INTERFACE, "up")
    # A route must exist before a ClusterIP can be rewritten to a pod; it is the only one that leads out of the node.
    _run("ip", "route", "add", settings.service_cidr, "via", settings.host_ip)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _processes(settings: LabSettings) -> dict[str, Process]:
    table: dict[str, Any] = tomllib.loads(
        Template((CONFIG / "processes.toml").read_text()).substitute(settings.template_values())
    )
    return {name: Process(**row) for name, row in table.items()}


def _supervise(settings: LabSettings, processes: dict[str, Process]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        changed = _reap(processes)
        for name, process in processes.items():
            if process.ready and process.pid and not process.is_ready:
                process.is_ready = _answers(process.ready)
            if _is_due(process, processes):
                _start(name, process, settings)
                changed = True
        if changed:
            with contextlib.suppress(OSError):  # a full disk: the node goes on
                _publish(settings, processes)
        time.sleep(TICK_SECONDS)


def _is_due(process: Process, processes: dict[str, Process]) -> bool:
    if process.pid or (process.after and not processes[process.after].is_ready):
        return False
    return not process.starts or time.time() - process.since > RESTART_SECONDS


def _start(name: str, process: Process, settings: LabSettings) -> None:
    with (settings.logs / f"{name}.log").open("ab") as log:
        process.pid = subprocess.Popen(process.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log).pid
    process.starts += 1
    process.since = time.time()


def _reap(processes: dict[str, Process]) -> bool:
    """Collect everything that ended, orphans of the lab too; True if one of the node's own was among them."""
    changed = False
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return changed
        if not pid:
            return changed
        for name, process in processes.items():
            if process.pid == pid:
                print(
                    f"{time.strftime('%H:%M:%S')} {name} ended with status {os.waitstatus_to_exitcode(status)}",
                    flush=True,
                )
                process.pid, process.since, changed = 0, time.time(), True


def _answers(url: str) -> bool:
    # Only asks whether a local process serves yet; who it is does not matter.
    unverified = ssl._create_unverified_context()  # noqa: S323
    try:
        with urllib.request.urlopen(url, timeout=1, context=unverified) as response:  # noqa: S310
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _publish(settings: LabSettings, processes: dict[str, Process]) -> None:
    scratch = settings.run / "processes.json.new"
    scratch.write_text(json.dumps({name: asdict(process) for name, process in processes.items()}))
    scratch.rename(settings.run / "processes.json")


def _directory(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
