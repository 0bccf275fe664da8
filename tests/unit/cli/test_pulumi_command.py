"""pulumi as a command that is left to end in its own time."""

import os
import signal
import subprocess
import sys
import time

import pytest

from istio_ingress.pulumi_command import Outcome, Pulumi

SLOW = """#!{python}
import pathlib, signal, sys, time
folder = pathlib.Path(__file__).parent
def ended(*_):
    signal.signal(signal.SIGINT, lambda *_: (print("terminated at once", flush=True), sys.exit(1)))
    time.sleep(2)
    print("cancelled in good order", flush=True)
    (folder / "ended").touch()
    sys.exit(1)
signal.signal(signal.SIGINT, ended)
signal.signal(signal.SIGHUP, lambda *_: sys.exit("lost its terminal"))
print("working", flush=True)
(folder / "working").touch()
time.sleep(60)
"""
PROGRAM = """
import sys
from istio_ingress.pulumi_command import Pulumi
try:
    Pulumi().show("refresh")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    """Puts a `pulumi` on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def write(text):
        (tmp_path / "pulumi").write_text(text)
        (tmp_path / "pulumi").chmod(0o755)
        return tmp_path

    return write


@pytest.fixture
def updating(prepare):
    """A program that runs pulumi, which is at work: the process, and the folder."""
    folder = prepare(SLOW.format(python=sys.executable))
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 60
        while not (folder / "working").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield process, folder
        process.kill()


@pytest.mark.parametrize("tell", [os.kill, os.killpg], ids=["one", "group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_handed_to_pulumi_which_is_waited_for(updating, tell, number):
    process, folder = updating
    tell(process.pid, number)
    tell(process.pid, number)  # make tells its own once more
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (128 + number, "working\ncancelled in good order\n")
    assert (folder / "ended").exists()


def test_a_second_ctrl_c_is_handed_on_and_pulumi_still_waited_for(updating):
    process, _ = updating
    process.send_signal(signal.SIGINT)
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "working\nterminated at once\n")


def test_a_program_that_is_to_outlive_its_terminal_does(prepare):
    folder = prepare('#!/bin/bash\necho working; touch "$(dirname "$0")/working"; sleep 1; echo done\n')
    command = ["nohup", sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not (folder / "working").exists():
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGHUP)
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "working\ndone\n")


def test_a_reader_that_goes_away_does_not_end_pulumi(prepare):
    folder = prepare(
        '#!/bin/bash\nfor n in {1..30000}; do echo "a line of output, number $n"; done\ntouch "$(dirname "$0")/ended"\n'
    )
    program = "from istio_ingress.pulumi_command import Pulumi; raise SystemExit(Pulumi().show('up').code)"
    line = f'set -o pipefail; {sys.executable} -c "{program}" | head -1'
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "a line of output, number 1\n", "")
    assert (folder / "ended").exists()


def test_pulumi_is_asked_nothing_back(prepare):
    prepare('#!/bin/bash\nread -r answer || answer=none; echo "$answer $*"\n')
    assert Pulumi().show("up") == Outcome(0, "none up --non-interactive\n")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("error: no stack selected\n", "no stack selected"),
        ("warning: old\nerror: first\nerror: second\nmore\n", "second"),
        ("what is this\n\n", "what is this"),
        ("", "no reason given"),
    ],
)
def test_the_reason_of_a_failure_is_its_last_error(output, reason):
    assert Outcome(1, output).reason == reason


def test_only_a_preview_leaves_out_to_work_out_the_state_at_every_step(prepare):
    prepare("#!/bin/bash\necho $1 ${PULUMI_SKIP_CHECKPOINTS:-no}\n")
    said = [Pulumi().ask(command) for command in ("preview", "up", "refresh")]
    assert said == ["preview true\n", "up no\n", "refresh no\n"]
