"""The lab's ingress gateway as a bench sees it: its Envoy on this machine, where it listens, a server behind it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.node import cgroups

NAMESPACE = "istio-system"
SELECTOR = {"istio": "ingressgateway"}
BACKEND = {"service": "httpbin", "port": 8000}
KUBECTL_SECONDS = 120


@dataclass(frozen=True)
class Envoy:
    """The Envoy of the gateway's only pod."""

    pid: int
    """As this machine sees it."""

    @classmethod
    def running(cls) -> Envoy:
        """The one that serves now.

        Raises:
            RuntimeError: the current context's gateway is not on this machine, or has not one pod.
        """
        labels = ",".join(f"{key}={value}" for key, value in SELECTOR.items())
        listed = json.loads(kubectl("get", "pods", "--namespace", NAMESPACE, "--selector", labels, "--output=json"))
        pods = [pod["metadata"] for pod in listed["items"] if "deletionTimestamp" not in pod["metadata"]]
        found = [pid for pod in pods for pid in _processes("envoy", pod["uid"])]
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} Envoys serve the gateway on this machine; a bench needs one.")
        return cls(found[0])

    def cpu_seconds(self) -> float:
        """What its container has used since its start: Envoy, pilot-agent, and the kernel on their behalf."""
        if cgroups.version() == 2:
            words = (self._cgroup("") / "cpu.stat").read_text().split()
            return int(words[words.index("usage_usec") + 1]) / 1e6
        return int((self._cgroup("cpuacct") / "cpuacct.usage").read_text()) / 1e9

    def resident_bytes(self) -> int:
        """Its memory.

        Raises:
            RuntimeError: it has ended.
        """
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except FileNotFoundError:
            raise RuntimeError("the gateway's Envoy has ended; was its pod's memory too little?") from None
        return pages * resource.getpagesize()

    @contextmanager
    def pinned(self, cores: Collection[int]) -> Iterator[None]:
        """All its threads run on these cores only, until the end of the block."""
        before = {thread: os.sched_getaffinity(thread) for thread in self._threads()}
        everywhere = os.sched_getaffinity(self.pid)
        try:
            for thread in before:
                os.sched_setaffinity(thread, cores)
            yield
        finally:
            for thread in self._threads():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(thread, before.get(thread, everywhere))

    def _threads(self) -> list[int]:
        return [int(task.name) for task in Path(f"/proc/{self.pid}/task").glob("*")]

    def _cgroup(self, controller: str) -> Path:
        entries = [line.split(":", 2) for line in Path(f"/proc/{self.pid}/cgroup").read_text().splitlines()]
        path = next(path for _, controllers, path in entries if controller in controllers.split(","))
        return cgroups.MOUNT / controller / path.lstrip("/")


@contextmanager
def namespace(name: str) -> Iterator[str]:
    """A namespace with httpbin in it, until the end of the block.

    It has no CPU limit, unlike the components' own: a server that is throttled would hide what the gateway does.
    """
    with empty_namespace(name):
        kubectl("create", "--namespace", name, "--filename=-", stdin=json.dumps(listing(_httpbin())))
        kubectl("rollout", "status", "deployment/httpbin", "--namespace", name, "--timeout=60s")
        yield name


@contextmanager
def empty_namespace(name: str) -> Iterator[None]:
    """A namespace for as long, in which pods start at once."""
    kubectl("create", "namespace", name)
    try:
        # A pod before its account is refused, and tried again only later.
        kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={name}", "--timeout=60s")
        yield
    finally:
        kubectl("delete", "namespace", name)


def listing(manifests: Collection[dict[str, Any]]) -> dict[str, Any]:
    """Several objects in one, as kubectl takes them."""
    return {"apiVersion": "v1", "kind": "List", "items": list(manifests)}


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """The standard output of kubectl, which must succeed."""
    done = subprocess.run(
        ["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=KUBECTL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"`kubectl {' '.join(arguments)}`: {done.stderr}")
    return done.stdout


def _httpbin() -> list[dict[str, Any]]:
    labels = {"app": BACKEND["service"]}
    container = {
        "name": "httpbin",
        "image": "lab.local/go-httpbin:1",
        "readinessProbe": {"httpGet": {"path": "/status/200", "port": 8080}, "periodSeconds": 1},
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": BACKEND["service"]},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": BACKEND["service"]},
            "spec": {
                "selector": labels,
                "ports": [{"name": "http", "port": BACKEND["port"], "targetPort": 8080}],
            },
        },
    ]


def _processes(name: str, pod: str) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "comm").read_text().strip() == name and pod in (process / "cgroup").read_text():
                found.append(int(process.name))
    return found
