"""The lab's own promises, shown on a second lab that stands beside the one the other tests use."""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone

SUBNET = "10.211.0.0/16"
NODE = "10.211.0.2"
KILLED_AT = random.Random(3)


class Lab:
    """`python -m lab` on a range and a state directory of its own."""

    def __init__(self, state: Path) -> None:
        self.state = state / "istio-ingress/lab211"
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PULUMI_", "KUBECONFIG"))
        }
        self.environment = kept | {"LAB_SUBNET": SUBNET, "XDG_STATE_HOME": str(state), "LAB_PULUMI": "build"}

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "lab", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str) -> str:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=180)
        assert process.returncode == 0, errors
        return output + errors

    def kubectl(self, *arguments: str) -> None:
        command = [self.state / "bin/kubectl", "--kubeconfig", self.state / "pki/admin.kubeconfig", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=60)

    def init_pid(self) -> int:
        return int(json.loads((self.state / "run/init.json").read_text())["pid"])

    def is_healthy(self) -> bool:
        process = self.start("status")
        return process.communicate(timeout=60)[0].startswith("lab211: healthy")


def traces() -> dict[str, set[str]]:
    """What a lab on this range would leave on the machine."""
    routes = subprocess.run(["ip", "-4", "route"], capture_output=True, text=True, check=True).stdout
    return {
        "interfaces": {path.name for path in Path("/sys/class/net").iterdir() if path.name.startswith("lab211")},
        "routes": {line for line in routes.splitlines() if "10.211." in line},
        "cgroups": {
            str(path) for depth in ("*", "*/*") for path in Path("/sys/fs/cgroup").glob(depth) if path.name == "lab211"
        },
        "mounts": {line for line in Path("/proc/self/mounts").read_text().splitlines() if "lab211" in line},
        "processes": {str(pid) for pid in _command_lines("10.211.0.2")},
    }


def _command_lines(text: str) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if text in (process / "cmdline").read_text():
                found.append(process)
        except OSError:
            continue
    return found


def _wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


NOTHING = {"interfaces": set(), "routes": set(), "cgroups": set(), "mounts": set(), "processes": set()}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    assert traces() == NOTHING
    lab = Lab(tmp_path_factory.mktemp("state"))
    yield lab
    lab("down")
    assert traces() == NOTHING


def test_a_start_killed_at_any_moment_is_made_good_by_the_next(lab):
    for _ in range(3):
        starting = lab.start("up")
        time.sleep(KILLED_AT.uniform(0.3, 12))
        starting.send_signal(signal.SIGKILL)
        starting.communicate()
    lab("up")
    assert lab.is_healthy()


def test_a_healthy_lab_is_reused(lab):
    lab("up")
    before = lab.init_pid()
    assert "is up already" in lab("up")
    assert lab.init_pid() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_start_that_is_interrupted_twice_leaves_nothing_and_no_traceback(lab, number):
    lab("down")
    starting = lab.start("up")
    time.sleep(KILLED_AT.uniform(2, 10))
    starting.send_signal(number)
    time.sleep(0.2)
    starting.send_signal(number)
    errors = starting.communicate(timeout=60)[1]
    assert (starting.returncode, "Traceback" in errors) == (128 + number, False), errors
    assert traces() == NOTHING


def test_a_lab_whose_control_plane_is_just_restarting_is_kept(lab):
    lab("up")
    before = lab.init_pid()
    lab.kubectl("delete", "pod", "--namespace=istio-system", "--selector=app=istiod", "--wait=false")
    time.sleep(0.5)
    assert "is up already" in lab("up")
    assert lab.init_pid() == before
    assert lab.is_healthy()


def test_a_lab_that_does_not_heal_keeps_what_a_stack_made_until_a_fresh_one_is_asked_for(lab):
    lab("up")
    before = lab.init_pid()
    state = lab.state / "pulumi-state/.pulumi/stacks/shop/dev.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"checkpoint": {"latest": {"resources": [{"urn": "u"}]}}}))
    lab.kubectl("scale", "deployment/coredns", "--namespace=kube-system", "--replicas=0")
    lab.kubectl("delete", "deployment/coredns", "--namespace=kube-system")
    refused = lab.start("up")
    errors = refused.communicate(timeout=120)[1]
    assert refused.returncode == 1
    assert "the running lab holds what the stack dev made" in errors
    assert (lab.init_pid(), state.exists()) == (before, True)
    assert "the state of the stack dev is emptied: as asked" in lab("up", "--fresh")
    assert not state.exists()
    assert lab.is_healthy()


def test_down_ends_providers_that_have_outlived_their_engine(lab):
    lab("up")
    (plugin,) = (lab.state / "pulumi-home/plugins").glob("resource-tls-*/pulumi-resource-tls")
    provider = subprocess.Popen([plugin, "127.0.0.1:1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    assert provider.poll() is None
    threading.Thread(target=provider.wait, daemon=True).start()
    lab("down")
    assert provider.wait(5) == -signal.SIGKILL


def test_two_starts_at_once_end_in_one_lab(lab):
    lab("down")
    both = [lab.start("up"), lab.start("up")]
    said = [process.communicate(timeout=180)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("waiting for another `lab up`" in text for text in said) == 1
    assert sum("is up already" in text or "is up after" in text for text in said) == 2
    assert lab.is_healthy()


def test_a_process_of_the_node_that_dies_is_started_again(lab):
    lab("up")
    processes = json.loads((lab.state / "run/processes.json").read_text())
    lab("exec", "--", "kill", "-9", str(processes["kube-scheduler"]["pid"]))
    deadline = time.monotonic() + 15
    while json.loads((lab.state / "run/processes.json").read_text())["kube-scheduler"]["starts"] < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "kube-scheduler ended with status -9" in lab("logs", "init")


def test_killing_process_1_ends_everything_and_the_next_start_replaces_it(lab):
    lab("up")
    os.kill(lab.init_pid(), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _command_lines(NODE):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not lab.is_healthy()
    lab("up")
    assert lab.is_healthy()


def test_the_lab_has_no_way_out_and_leaves_the_hosts_settings_alone(lab):
    lab("up")
    routes = lab("exec", "--", "ip", "-4", "route")
    assert "default" not in routes
    assert Path("/proc/sys/vm/overcommit_memory").read_text() == HOST_OVERCOMMIT
    assert lab("exec", "--", "cat", "/proc/sys/vm/overcommit_memory").strip() == "1"


def test_a_killed_pulumi_leaves_neither_the_program_nor_what_it_started(lab, tmp_path):
    lab("up")
    environment = dict(line.split("=", 1) for line in shlex.split(lab("env")) if "=" in line)
    child = f'[sys.executable, "-c", "import time; time.sleep(600)", "{tmp_path}"]'
    program = f"import subprocess, sys\nsubprocess.run({child})\n"
    (tmp_path / "Pulumi.yaml").write_text("name: slow\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(program)
    project = {"cwd": tmp_path, "env": os.environ | environment | {"PULUMI_STACK": "slow"}}
    subprocess.run(["pulumi", "stack", "init", "slow", "--non-interactive"], check=True, **project)
    pulumi = subprocess.Popen(["pulumi", "preview", "--non-interactive"], stdout=subprocess.DEVNULL, **project)
    _wait_for(lambda: len(_command_lines(str(tmp_path))) == 2)  # the program, by its --pwd, and its child
    pulumi.kill()
    pulumi.wait()
    _wait_for(lambda: not _command_lines(str(tmp_path)))


def test_down_leaves_nothing_but_logs(lab):
    lab("up")
    lab("down")
    assert traces() == NOTHING
    assert {path.name for path in lab.state.iterdir()} == {"log"}
    assert "init" in lab("logs", "init") or (lab.state / "log/init.log").exists()
    lab("down")


HOST_OVERCOMMIT = Path("/proc/sys/vm/overcommit_memory").read_text()
