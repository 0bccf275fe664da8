import contextlib
import json
import os
import subprocess
import sys

import pytest

from lab import __main__ as command
from lab import kube, preflight, status, toolchain
from lab.errors import LabError
from lab.node import network


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "lab", *arguments], capture_output=True, text=True, timeout=30)


def test_a_wrong_setting_is_one_sentence_on_standard_error(monkeypatch):
    monkeypatch.setenv("LAB_SUBNET", "nonsense")
    done = run("up")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("lab: LAB_SUBNET is 'nonsense'")
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("command", [["env"], ["exec", "true"]])
def test_what_needs_a_running_lab_says_how_to_start_one(command):
    done = run(*command)
    assert done.returncode == 1
    assert done.stderr == "lab: the lab is not running; start it with `make up` or `python -m lab up`.\n"


@pytest.mark.usefixtures("lab")
def test_the_status_of_no_lab_is_not_healthy():
    done = run("status")
    assert (done.returncode, done.stdout) == (1, "lab211: it is not running\n")


@pytest.mark.usefixtures("lab")
def test_an_unknown_log_is_answered_with_the_known_ones(lab):
    lab.logs.mkdir(parents=True)
    (lab.logs / "kubelet.log").write_text("ready\n")
    assert run("logs", "kubelet").stdout == "ready\n"
    done = run("logs", "kublet")
    assert done.returncode == 1
    assert done.stderr == "lab: the lab has no log named 'kublet'; there are: kubelet.\n"


def test_a_pods_log_is_found_by_the_beginning_of_its_name(lab):
    log = lab.state / "podlogs/istio-system_istiod-5d_uid/discovery/0.log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert status.log_of(lab, "istiod") == log


def test_the_status_shows_the_versions_that_the_lab_was_started_with(lab):
    lab.run.mkdir(parents=True)
    (lab.run / "processes.json").write_text('{"kubelet": {"since": 0, "pid": 7, "starts": 1}}')
    versions = {"kubelet": "1.2.3", "pulumi": "4.5.6", "pulumi-resource-tls": "7.8.9"}
    (lab.run / "ready.json").write_text(json.dumps({"pulumi": "", "versions": versions}))
    lines = status.table(lab).splitlines()
    assert next(line for line in lines if line.startswith("kubelet")).endswith("  1.2.3")
    assert "Pulumi: built here, 4.5.6, with pulumi-resource-tls 7.8.9" in lines


def test_other_users_than_root_are_told_of_the_alternative(lab, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match=r"needs root .* LAB=0"):
        preflight.check(lab)


def test_another_operating_system_is_refused(lab, monkeypatch):
    monkeypatch.setattr(preflight.platform, "system", lambda: "Darwin")
    with pytest.raises(LabError, match=r"this is Darwin on"):
        preflight.check(lab)


def test_a_missing_go_is_named(lab, monkeypatch):
    monkeypatch.setattr(preflight.shutil, "which", lambda command: None if command == "go" else f"/bin/{command}")
    with pytest.raises(LabError, match=r"^`go` is not on PATH; install Go 1\.26\.6 or newer\.$"):
        preflight.check(lab)


def test_a_full_disk_is_refused_with_both_figures(lab, monkeypatch):
    monkeypatch.setattr(preflight, "BUILD_GIGABYTES", 10**9)
    with pytest.raises(LabError, match=r"has [\d.]+ GB free; the lab needs 1000000000 GB there"):
        preflight.check(lab)


def test_an_address_range_in_use_is_refused_with_a_way_out(lab, monkeypatch):
    monkeypatch.setattr(network, "_ip_json", lambda *_: [{"dst": "10.211.8.0/24", "dev": "vpn0"}])
    with pytest.raises(LabError, match=r"10\.211\.0\.0/16 overlap 10\.211\.8\.0/24 on vpn0; set LAB_SUBNET"):
        network.check_range_is_free(lab)


def test_a_default_route_and_the_labs_own_route_are_no_conflict(lab, monkeypatch):
    routes = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "10.211.0.0/16", "dev": lab.host_interface},
        {"dst": "10.1.0.0/16"},
    ]
    monkeypatch.setattr(network, "_ip_json", lambda *_: routes)
    network.check_range_is_free(lab)


def test_waiting_ends_with_the_log_of_what_did_not_come(tmp_path):
    log = tmp_path / "kubelet.log"
    log.write_text("why it failed\n")
    with pytest.raises(LabError, match="a Ready node: not there after 0 s") as failure:
        kube.wait_until("a Ready node", lambda: False, seconds=0.1, log=log, alive=lambda: True)
    assert "why it failed" in failure.value.report()


def test_waiting_for_a_lab_that_ended_stops_at_once(tmp_path):
    with pytest.raises(LabError, match="the lab ended while it waited for a Ready node"):
        kube.wait_until("a Ready node", lambda: False, seconds=60, log=tmp_path / "kubelet.log", alive=lambda: False)


def test_a_persons_own_pulumi_is_used_and_said_so(monkeypatch, tmp_path):
    own = tmp_path / "pulumi"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LAB_TOOLS", raising=False)
    monkeypatch.delenv("LAB_PULUMI", raising=False)
    assert toolchain.choose().describe() == f"your own, {own}"
    monkeypatch.setenv("LAB_PULUMI", "build")
    assert toolchain.choose().own is None
    monkeypatch.setenv("LAB_PULUMI", "mine")
    with pytest.raises(LabError, match="LAB_PULUMI is 'mine'"):
        toolchain.choose()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No space left on device", "/srv/state"), "lab: /srv/state: No space left on device."),
        (
            subprocess.CalledProcessError(1, ["go", "env", "GOVERSION"], stderr="go: mkdir: no space\n"),
            "lab: `go env` failed: go: mkdir: no space",
        ),
    ],
)
@pytest.mark.usefixtures("lab")
def test_a_full_disk_is_a_sentence_and_no_traceback(monkeypatch, capsys, error, sentence):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(command.lifecycle, "up", fail)
    monkeypatch.setattr(command, "heard_once", contextlib.nullcontext)
    monkeypatch.setattr(sys, "argv", ["lab", "up"])
    assert command.main() == 1
    assert capsys.readouterr().err == f"{sentence}\n"
