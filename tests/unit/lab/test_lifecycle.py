"""When a running lab is kept, and when it is replaced."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from lab import lifecycle, processes, stacks
from lab.errors import LabError
from lab.node import namespaces
from lab.progress import Progress

RESTARTING = "Deployment istiod is not available"


@pytest.fixture
def replaced(monkeypatch):
    """Whether a lab was thrown away: nothing is started here."""
    told = []
    monkeypatch.setattr(lifecycle.preflight, "check", lambda _: told.append(True))
    monkeypatch.setattr(lifecycle.toolchain, "choose", lambda: exit_("far enough"))
    return told


def exit_(reason):
    raise LabError(reason)


@pytest.fixture
def running(monkeypatch):
    """Has a lab run with what is wrong with it, lasting and passing: a list of what is seen one after another."""
    monkeypatch.setattr(namespaces, "find", lambda _: object())
    monkeypatch.setattr(lifecycle, "POLL_SECONDS", 0)
    monkeypatch.setattr(lifecycle, "HEAL_SECONDS", 0.2)

    def prepare(lasting=None, passing=(None,)):
        seen = list(passing)
        monkeypatch.setattr(lifecycle, "_lasting_problem", lambda _: lasting)
        monkeypatch.setattr(lifecycle, "_passing_problem", lambda _: seen.pop(0) if len(seen) > 1 else seen[0])

    return prepare


def state(lab, name, content):
    file = lab.state / "pulumi-state/.pulumi/stacks/shop" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps({"checkpoint": {"latest": content}}))


def up(lab, **options):
    return lifecycle.up(lab, Progress(lab.cache / "durations.json"), **options)


def test_a_part_that_is_just_restarting_is_waited_for(lab, running, replaced, capsys):
    running(passing=[RESTARTING, RESTARTING, None])
    assert up(lab) is False
    assert replaced == []
    assert f"lab: {RESTARTING}; up to" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [{"passing": [RESTARTING]}, {"lasting": "it was made of other parts than this checkout names"}]
)
def test_a_lab_that_holds_a_stack_is_replaced_only_where_that_is_asked_for(lab, running, replaced, wrong):
    state(lab, "dev", {"resources": [{"urn": "u"}]})
    running(**wrong)
    with pytest.raises(LabError, match=r"the stack dev made, .* `make up FRESH=1`"):
        up(lab)
    assert replaced == []
    with pytest.raises(LabError, match="far enough"):
        up(lab, fresh=True)
    assert replaced == [True]


def test_a_lab_that_holds_nothing_is_replaced(lab, running, replaced, capsys):
    state(lab, "dev", {"resources": []})
    running(lasting="its start was not finished")
    with pytest.raises(LabError, match="far enough"):
        up(lab)
    assert replaced == [True]
    assert capsys.readouterr().err == "lab: the running lab is replaced: its start was not finished.\n"


def test_the_state_of_a_cluster_that_is_gone_is_emptied_with_a_sentence(lab, replaced, capsys):
    state(lab, "dev", {"resources": [{"urn": "u"}]})
    with pytest.raises(LabError, match="far enough"):
        up(lab)
    assert replaced == [True]
    assert capsys.readouterr().err == (
        "lab: the state of the stack dev is emptied: the cluster that it describes is gone.\n"
    )


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        ({"resources": [{"urn": "u"}]}, True),
        ({"pending_operations": [{}]}, True),
        ('{"checkpoint": {"lat', True),
        ("", True),
        ({"resources": []}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_state_holds_something_unless_it_says_otherwise(lab, content, holds):
    state(lab, "dev", content)
    assert stacks.deployed(lab) == (["dev"] if holds else [])


def test_what_runs_a_tool_of_the_lab_is_ended_and_nothing_else(tmp_path):
    plugin = tmp_path / "state/plugins/pulumi-resource-tls"
    plugin.parent.mkdir(parents=True)
    shutil.copy("/bin/sleep", plugin)
    ours, other = subprocess.Popen([plugin, "60"]), subprocess.Popen(["sleep", "60"])
    try:
        # A child is gone only when its parent has taken notice.
        signal.signal(signal.SIGCHLD, lambda *_: ours.poll())
        processes.end_below(tmp_path / "state")
        assert ours.wait(5) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        other.kill()
        other.wait()


INTERRUPTED = """
import pathlib, subprocess, sys, time
from lab import __main__ as lab
def up(settings, progress, fresh):
    pathlib.Path(BEGUN).touch()
    try:
        subprocess.run(["sleep", "60"])
        time.sleep(60)
    finally:
        time.sleep(1)
        print("cleared", flush=True)
lab.lifecycle.up = up
sys.argv = ["lab", "up"]
sys.exit(lab.main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("lab")
def test_a_start_that_is_interrupted_twice_ends_in_good_order(tmp_path, number):
    program = INTERRUPTED.replace("BEGUN", repr(str(tmp_path / "begun")))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(number)
        time.sleep(0.3)
        process.send_signal(number)
        out, error = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, "cleared\n")
    assert error == "lab: interrupted; run the same command again to continue.\n"


def test_a_start_that_is_interrupted_leaves_no_half_a_lab(lab, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    cleared = []
    monkeypatch.setattr(lifecycle.preflight, "check", lambda _: None)
    monkeypatch.setattr(lifecycle.toolchain, "choose", lambda: SimpleNamespace(own=None))
    monkeypatch.setattr(lifecycle.parts, "build_all", lambda *_, **__: None)
    monkeypatch.setattr(lifecycle.network, "check_range_is_free", lambda _: None)
    monkeypatch.setattr(lifecycle, "_clear", lambda _, keep_logs=False: cleared.append(keep_logs))
    monkeypatch.setattr(lifecycle, "_start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        up(lab)
    assert cleared == [False, True]


@pytest.mark.usefixtures("lab")
def test_a_reader_that_goes_away_is_no_error(lab):
    lab.logs.mkdir(parents=True)
    (lab.logs / "kubelet.log").write_text("a line\n" * 100_000)
    line = f"set -o pipefail; {sys.executable} -m lab logs kubelet | head -1"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30, env=dict(os.environ))
    assert (done.returncode, done.stdout, done.stderr) == (0, "a line\n", "")
