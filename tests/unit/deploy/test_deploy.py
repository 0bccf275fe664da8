"""How `python -m deploy` meets what a killed update leaves, shown with a pulumi that only talks."""

import os
import socket
import subprocess
import sys

import pytest

DEAD = 2**22 - 1


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Puts a `pulumi` on PATH that says each call's prepared words and notes how it was called."""
    calls = tmp_path / "calls"
    calls.touch()

    def prepare(script):
        program = tmp_path / "pulumi"
        stack = f'"stack export") cat {tmp_path}/state 2>/dev/null || echo \'{{"deployment": {{}}}}\'; exit;;'
        program.write_text(
            f'#!/bin/bash\necho "$@" >> {calls}\ncase "$1 $2" in\n{stack}\nesac\ncase "$1" in\n{script}\nesac\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

        def told():
            lines = [line.removesuffix(" --non-interactive") for line in calls.read_text().splitlines()]
            return [line for line in lines if line != "stack export"]

        return told

    return prepare


def deploy(*arguments):
    return subprocess.run([sys.executable, "-m", "deploy", *arguments], capture_output=True, text=True, timeout=30)


def locked(pid):
    lock = f"the stack is currently locked by 1 lock(s)\\n  file://x: created by me@{socket.gethostname()} (pid {pid})"
    return f'up) [ -e "$0.free" ] && exit 0; echo -e "{lock}"; exit 255;;\ncancel) touch "$0.free";;'


def test_an_update_selects_its_stack_and_says_what_pulumi_says(pulumi):
    calls = pulumi('up) echo "1 created";;')
    done = deploy("up", "dev")
    assert (done.returncode, done.stdout) == (0, "1 created\n")
    assert calls() == ["stack select --create dev", "up --yes --skip-preview"]


def test_the_lock_of_a_killed_update_is_cleared_and_the_update_repeated(pulumi):
    calls = pulumi(locked(DEAD))
    done = deploy("up", "dev")
    assert done.returncode == 0
    assert calls()[2:] == [
        "cancel --yes",
        "refresh --yes --skip-preview --clear-pending-creates",
        "up --yes --skip-preview",
    ]
    assert "an earlier update was killed" in done.stderr


def test_the_lock_of_a_running_update_is_left_alone(pulumi):
    calls = pulumi(locked(os.getpid()))
    done = deploy("up", "dev")
    assert done.returncode == 255
    assert calls() == ["stack select --create dev", "up --yes --skip-preview"]


def test_a_failed_update_keeps_pulumis_exit_code(pulumi):
    pulumi('up) echo "error: no"; exit 3;;')
    assert deploy("up", "dev").returncode == 3


def test_destroying_keeps_the_stacks_configuration(pulumi):
    calls = pulumi("*) ;;")
    assert deploy("down", "dev").returncode == 0
    assert calls() == ["stack select dev", "destroy --yes --skip-preview", "stack rm dev --yes --preserve-config"]


def test_nothing_to_destroy_is_no_failure(pulumi):
    calls = pulumi("stack) echo \"error: no stack named 'dev' found\" >&2; exit 255;;")
    done = deploy("down", "dev")
    assert (done.returncode, done.stderr) == (0, "")
    assert calls() == ["stack select dev"]


def test_something_due_makes_the_check_fail(pulumi):
    pulumi('preview) [[ "$*" == *--expect-no-changes* ]] && exit 1;;')
    assert deploy("renew-check", "dev").returncode == 1


def test_a_missing_pulumi_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = deploy("up", "dev")
    assert done.returncode == 1
    assert done.stderr == "deploy: `pulumi` is not on PATH; install it, or run `make up` without LAB=0.\n"


def test_a_state_that_a_kill_made_unreadable_is_read_again(pulumi, tmp_path):
    attributes = tmp_path / ".pulumi" / "dev.json.attrs"
    attributes.parent.mkdir()
    attributes.touch()
    eof = f"""stack) [ -e {attributes} ] && echo 'error: failed to load checkpoint: EOF' >&2 && exit 1; exit 0;;
whoami) echo '{{"url": "file://{tmp_path}"}}';;"""
    calls = pulumi(eof)
    done = deploy("up", "dev")
    assert done.returncode == 0, done.stderr
    assert calls() == [
        "stack select --create dev",
        "whoami --json",
        "stack select --create dev",
        "up --yes --skip-preview",
    ]
