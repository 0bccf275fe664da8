"""Bring the lab up, take it down, know whether it is well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from lab import parts, preflight, processes, stacks, toolchain
from lab.cache import locked, remove
from lab.errors import LabError
from lab.kube import POLL_SECONDS, Api, wait_until
from lab.node import cgroups, namespaces, network, pki
from lab.node.templates import render
from lab.parts import Parts
from lab.progress import Progress
from lab.settings import LabSettings
from lab.toolchain import Pulumi

DEPLOYMENTS = (("kube-system", "coredns"), ("istio-system", "istiod"), ("istio-system", "istio-ingressgateway"))
NODE_PARTS = ("kubernetes",)
START_SECONDS = 60.0
ISTIO_SECONDS = 120.0
# Every part of the control plane was seen to be back 1 to 7 s after it was killed.
HEAL_SECONDS = 60.0


def up(settings: LabSettings, progress: Progress, *, fresh: bool = False) -> bool:
    """Make sure that a healthy lab runs: reuse one, or replace a broken one. True if a new one was started.

    A part that is just restarting is waited for. A running lab on which a stack has made something is replaced only
    where a fresh one is asked for.

    Raises:
        LabError: what is missing on this machine, which step failed and where its log is, or what would be lost.
    """
    with locked(settings.state.with_suffix(".lock"), "another `lab up` or `lab down`"):
        wrong = "a fresh one is asked for" if fresh else _healed(settings)
        if wrong is None:
            return False
        _say_what_goes(settings, wrong, fresh=fresh)
        preflight.check(settings)
        pulumi = toolchain.choose()
        built = parts.build_all(settings.cache, progress, with_pulumi=pulumi.own is None)
        with progress.step("clear what an earlier lab left"):
            _clear(settings)
            network.check_range_is_free(settings)
        try:
            _start(settings, built, pulumi, progress)
        except KeyboardInterrupt:
            _clear(settings, keep_logs=True)
            raise
        ready = {
            "since": time.time(),
            "pulumi": str(pulumi.own or ""),
            "made_of": parts.fingerprint(),
            "versions": parts.versions(built),
        }
        (settings.run / "ready.json").write_text(json.dumps(ready))
        return True


def down(settings: LabSettings) -> None:
    """End the lab and leave nothing of it but its logs.

    Raises:
        LabError: a process, mount or cgroup could not be taken away.
    """
    with locked(settings.state.with_suffix(".lock"), "another `lab up` or `lab down`"):
        _clear(settings, keep_logs=True)


def problem(settings: LabSettings) -> str | None:
    """None for a healthy lab, else in a few words what is wrong with it."""
    return _lasting_problem(settings) or _passing_problem(settings)


def _lasting_problem(settings: LabSettings) -> str | None:
    if namespaces.find(settings) is None:
        return "it is not running"
    if not (settings.run / "ready.json").exists():
        return "its start was not finished"
    if _ready(settings)["made_of"] != parts.fingerprint():
        return "it was made of other parts than this checkout names"
    if not Path(f"/sys/class/net/{settings.host_interface}").exists():
        return f"interface {settings.host_interface} is gone"
    return None


def _passing_problem(settings: LabSettings) -> str | None:
    """What restarts by itself: the node's processes by its process 1, pods by kubelet."""
    api = Api(settings)
    if not api.is_ready():
        return "its API server does not answer"
    if not api.condition(f"/api/v1/nodes/{settings.name}", "Ready"):
        return "its node is not Ready"
    missing = [name for namespace, name in DEPLOYMENTS if not api.deployment_is_available(namespace, name)]
    return f"Deployment {missing[0]} is not available" if missing else None


def _healed(settings: LabSettings) -> str | None:
    """What is wrong with the lab and stays so."""
    wrong = _lasting_problem(settings)
    if wrong or not (passing := _passing_problem(settings)):
        return wrong
    print(f"lab: {passing}; up to {HEAL_SECONDS:.0f} s are left to it.", file=sys.stderr, flush=True)
    deadline = time.monotonic() + HEAL_SECONDS
    while (wrong := problem(settings)) and not _lasting_problem(settings) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return wrong


def _say_what_goes(settings: LabSettings, wrong: str, *, fresh: bool) -> None:
    runs, deployed = namespaces.find(settings) is not None, stacks.deployed(settings)
    names = ", ".join(deployed)
    if runs and deployed and not fresh:
        raise LabError(
            f"{wrong}, but the running lab holds what the stack {names} made, with its authority and keys, "
            "so it is not replaced; `make up FRESH=1` makes a new lab and empties that state."
        )
    if runs:
        print(f"lab: the running lab is replaced: {wrong}.", file=sys.stderr)
    if deployed:
        why = "as asked" if runs else "the cluster that it describes is gone"
        print(f"lab: the state of the stack {names} is emptied: {why}.", file=sys.stderr)


def stored_pulumi(settings: LabSettings) -> Pulumi:
    """The Pulumi that the running lab was started with."""
    ready = _ready(settings)
    return Pulumi(own=Path(ready["pulumi"]) if ready["pulumi"] else None, version=ready["versions"].get("pulumi", ""))


def stored_versions(settings: LabSettings) -> dict[str, str]:
    """Executable to version, as the running lab was started with them; empty before its start is finished."""
    started = (settings.run / "ready.json").exists()
    return dict(_ready(settings)["versions"]) if started else {}


def _ready(settings: LabSettings) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads((settings.run / "ready.json").read_text())
    return {"made_of": "", "versions": {}, **stored}


def _clear(settings: LabSettings, *, keep_logs: bool = False) -> None:
    namespaces.end(settings)
    processes.end_below(settings.state)
    network.disconnect(settings)
    left = cgroups.remove(settings.name)
    if left:
        raise LabError(f"cgroup {left[0]} could not be removed.")
    for entry in settings.state.iterdir() if settings.state.exists() else ():
        if not (keep_logs and entry == settings.logs):
            remove(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _start(settings: LabSettings, built: Parts, pulumi: Pulumi, progress: Progress) -> None:
    for directory in (settings.logs, settings.run):
        directory.mkdir(parents=True, exist_ok=True)
    with progress.step("certificates and tools"):
        pki.write_all(settings)
        toolchain.prepare(settings, built, pulumi)
    with progress.step("namespaces and network"):
        cgroups.create(settings.name)
        init = namespaces.start(settings, built.debian["node"] / "root", [built.binaries[part] for part in NODE_PARTS])
        network.connect(settings, init.pid)
    api = Api(settings)
    wait = partial(wait_until, seconds=START_SECONDS, alive=init.is_alive)
    with ThreadPoolExecutor(1) as aside:
        importing = aside.submit(_import_images, settings, init, built, progress, wait)
        with progress.step("API server"):
            wait("the API server", api.is_ready, log=settings.logs / "kube-apiserver.log")
        with progress.step("node Ready"):
            wait(
                "a Ready node",
                lambda: api.condition(f"/api/v1/nodes/{settings.name}", "Ready"),
                log=settings.logs / "kubelet.log",
            )
            # Pods are refused until the controller manager has made these.
            account = "/api/v1/namespaces/default/serviceaccounts/default"
            wait(
                "the default ServiceAccount",
                lambda: api.get(account) is not None,
                log=settings.logs / "kube-controller-manager.log",
            )
        importing.result()
    with progress.step("Istio and DNS"):
        _kubectl_apply(settings, render("coredns.yaml", settings))
        _install_istio(settings)
        for namespace, name in DEPLOYMENTS:
            wait(
                f"Deployment {name}",
                partial(api.deployment_is_available, namespace, name),
                log=settings.logs / "istioctl.log",
            )


def _import_images(
    settings: LabSettings, init: namespaces.Init, built: Parts, progress: Progress, wait: partial[None]
) -> None:
    log = settings.logs / "images.log"
    ctr = ("ctr", "--address", "/run/containerd/containerd.sock", "--namespace", "k8s.io")

    def run(*arguments: str) -> bool:
        with log.open("ab") as output:
            return (
                subprocess.run(
                    namespaces.enter(init, *ctr, *arguments), stdout=output, stderr=output, check=False
                ).returncode
                == 0
            )

    with progress.step("images into containerd"):
        wait("containerd", lambda: run("version"), log=settings.logs / "containerd.log")
        for reference, archive in built.images.items():
            if not run("images", "import", str(archive)):
                raise LabError(f"image {reference} could not be imported.", log=log)


def _kubectl_apply(settings: LabSettings, manifests: str) -> None:
    command = [str(settings.state / "bin/kubectl"), "--kubeconfig", str(settings.kubeconfig), "apply", "-f", "-"]
    log = settings.logs / "kubectl.log"
    with log.open("ab") as output:
        done = subprocess.run(command, input=manifests.encode(), stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise LabError("kubectl could not apply the lab's own manifests.", log=log)


def _install_istio(settings: LabSettings) -> None:
    operator = settings.run / "istio.yaml"
    operator.write_text(render("istio.yaml", settings))
    command = [
        str(settings.state / "bin/istioctl"),
        "install",
        "--skip-confirmation",
        "--kubeconfig",
        str(settings.kubeconfig),
        "-f",
        str(operator),
    ]
    log = settings.logs / "istioctl.log"
    with log.open("ab") as output:
        environment = os.environ | {"KUBECONFIG": str(settings.kubeconfig), "HOME": str(settings.run)}
        try:
            done = subprocess.run(
                command, stdout=output, stderr=output, env=environment, timeout=ISTIO_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"`istioctl install` did not end within {ISTIO_SECONDS:.0f} s.", log=log) from None
    if done.returncode != 0:
        raise LabError("`istioctl install` failed.", log=log)
