"""How `python -m deploy` meets what can happen to an update, shown with a pulumi that only talks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from deploy import state_copies
from deploy.state_copies import State
from istio_ingress.terminal import CommandError

DEAD = 2**22 - 1
ASKED = ("stack export", "whoami", "config --json")  # which change nothing


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """Puts a `pulumi` on PATH that says each call's prepared words and notes how it was called."""
    calls = tmp_path / "calls"
    calls.touch()
    for variable in ("PULUMI_BACKEND_URL", "PULUMI_STACK", "LAB_TOOLS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))

    def prepare(script, url="", config="{}"):
        program = tmp_path / "pulumi"
        (tmp_path / "whoami").write_text(json.dumps({"url": url or "https://api.pulumi.com"}))
        (tmp_path / "none").write_text('{"deployment": {}}')
        stack = (
            f'"whoami --json") cat {tmp_path}/whoami; exit;;\n'
            f'"stack export") cat {tmp_path}/state 2>/dev/null || cat {tmp_path}/none; exit;;'
        )
        program.write_text(
            f'#!/bin/bash\necho "$@" >> {calls}\ncase "$1 $2" in\n{stack}\nesac\n'
            f"case \"$1\" in\nconfig) echo '{config}';;\n{script}\nesac\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

        def told():
            lines = [line.removesuffix(" --non-interactive") for line in calls.read_text().splitlines()]
            return [line for line in lines if not line.startswith(ASKED)]

        return told

    return prepare


def deploy(*arguments):
    return subprocess.run([sys.executable, "-m", "deploy", *arguments], capture_output=True, text=True, timeout=120)


def locked(*pids):
    holders = [f"  file://{pid}: created by me@{socket.gethostname()} (pid {pid})" for pid in pids]
    lock = "\\n".join([f"the stack is currently locked by {len(pids)} lock(s)", *holders])
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


@pytest.mark.parametrize("pids", [(DEAD, os.getpid()), (os.getpid(), DEAD)], ids=["dead first", "alive first"])
def test_one_living_holder_among_dead_ones_keeps_all_locks(pulumi, pids):
    calls = pulumi(locked(*pids))
    assert deploy("up", "dev").returncode == 255
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


def test_a_missing_pulumi_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = deploy("up", "dev")
    assert done.returncode == 1
    assert done.stderr == "deploy: `pulumi` is not on PATH; install it, or run `make up` without LAB=0.\n"


def test_a_state_that_a_kill_made_unreadable_is_read_again(pulumi, tmp_path):
    attributes = tmp_path / ".pulumi" / "dev.json.attrs"
    attributes.parent.mkdir()
    attributes.touch()
    eof = f"stack) [ -e {attributes} ] && echo 'error: failed to load checkpoint: EOF' >&2 && exit 1; exit 0;;"
    calls = pulumi(eof, url=f"file://{tmp_path}")
    done = deploy("up", "dev")
    assert done.returncode == 0, done.stderr
    assert calls() == [
        "stack select --create dev",
        "stack select --create dev",
        "up --yes --skip-preview",
    ]


@pytest.mark.parametrize("command", ["check", "up", "repair"])
def test_a_stack_without_a_file_is_refused_with_the_names_that_have_one(pulumi, command):
    calls = pulumi("*) ;;")
    done = deploy(command, "nonexistent")
    assert (done.returncode, done.stdout, calls()) == (1, "", [])
    assert done.stderr == (
        "deploy: there is no Pulumi.nonexistent.yaml, so 'nonexistent' is no stack of this project; there are: dev, "
        "staging. An empty file makes a stack with the defaults: `touch Pulumi.nonexistent.yaml`.\n"
    )


@pytest.mark.parametrize("stack", ["dev", "me/istio-ingress/dev"])
def test_a_stack_with_a_file_is_known(pulumi, stack):
    calls = pulumi("*) ;;")
    assert deploy("check", stack).returncode == 0
    assert calls() == []


def test_a_stack_that_another_update_has_just_made_is_no_error(pulumi):
    calls = pulumi(
        """stack) [ "$3" = --create ] && echo "error: stack 'dev' already exists" >&2 && exit 255; exit 0;;"""
    )
    assert deploy("up", "dev").returncode == 0
    assert calls() == ["stack select --create dev", "stack select dev", "up --yes --skip-preview"]


def test_two_updates_at_once_come_one_after_the_other(pulumi, tmp_path):
    pulumi(f"up) mkdir {tmp_path}/held || exit 9; sleep 1; rmdir {tmp_path}/held;;")
    command = [sys.executable, "-m", "deploy", "up", "dev"]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=120)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sum("waiting for another update of dev" in text for text in said) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["up", "down"])
def test_a_signal_lets_pulumi_end_and_nothing_else_is_begun(pulumi, tmp_path, command, number):
    work = f"trap 'sleep 1; touch {tmp_path}/ended; exit 1' INT; touch {tmp_path}/working; while :; do sleep .1; done"
    calls = pulumi(f"up|destroy) {work};;")
    with subprocess.Popen([sys.executable, "-m", "deploy", command, "dev"], stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not (tmp_path / "working").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        error = process.communicate(timeout=60)[1]
    assert (process.returncode, error) == (128 + number, b"")
    assert (tmp_path / "ended").exists()
    assert len(calls()) == 2


def state(tmp_path, text):
    file = tmp_path / ".pulumi/stacks/istio-ingress/dev.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


WHOLE = '{"checkpoint": {"latest": null}}'


def test_the_state_is_copied_before_each_update_and_three_copies_are_kept(pulumi, tmp_path):
    file = state(tmp_path, WHOLE)
    pulumi("*) ;;", url=f"file://{tmp_path}")
    for number in range(5):
        file.write_text(json.dumps({"checkpoint": {"number": number}}))
        assert deploy("up", "dev").returncode == 0
    copies = sorted((tmp_path / ".pulumi/copies/istio-ingress").iterdir())
    assert [json.loads(copy.read_text())["checkpoint"]["number"] for copy in copies] == [2, 3, 4]
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}


@pytest.mark.parametrize("torn", ["", WHOLE[:-5], WHOLE[:9]])
@pytest.mark.parametrize("command", ["up", "down"])
def test_a_torn_state_is_restored_from_its_copy_and_the_cluster_read_again(pulumi, tmp_path, torn, command):
    file = state(tmp_path, WHOLE)
    calls = pulumi("*) ;;", url=f"file://{tmp_path}")
    deploy("up", "dev")
    file.write_text(torn)
    file.with_name("dev.json.bak").write_text(torn)
    done = deploy(command, "dev")
    assert done.returncode == 0, done.stderr
    assert file.read_text() == WHOLE
    assert file.with_name("dev.json.torn").read_text() == torn
    assert "was torn, as by a full disk; it is again as it was at 2" in done.stderr
    assert "refresh --yes --skip-preview --clear-pending-creates" in calls()


def test_what_an_update_has_written_is_copied_as_well(pulumi, tmp_path):
    file = state(tmp_path, WHOLE)
    done = WHOLE.replace("null", "{}")
    pulumi(f"up) echo '{done}' > {file};;", url=f"file://{tmp_path}")
    assert deploy("up", "dev").returncode == 0
    copies = sorted((tmp_path / ".pulumi/copies/istio-ingress").iterdir())
    assert [copy.read_text().strip() for copy in copies] == [WHOLE, done]


def test_a_torn_state_without_a_copy_is_said(pulumi, tmp_path):
    file = state(tmp_path, "{")
    calls = pulumi("*) ;;", url=f"file://{tmp_path}")
    done = deploy("up", "dev")
    assert (done.returncode, calls()) == (1, [])
    assert done.stderr.startswith(f"deploy: {file} is torn, and there is no whole copy of it.")
    assert file.read_text() == "{"


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(state_copies.shutil, "disk_usage", lambda _: SimpleNamespace(free=12_300_000))
    with pytest.raises(CommandError, match=r"has 12 MB free, and an update wants 100 MB there"):
        State(tmp_path, "istio-ingress", "dev").refuse_full_disk()


def test_a_copy_that_finds_no_room_leaves_no_half_a_copy(tmp_path, monkeypatch):
    file = state(tmp_path, WHOLE)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state_copies.os, "fsync", full)
    with pytest.raises(CommandError, match="No space left on device"):
        State(tmp_path / ".pulumi", "istio-ingress", "dev").copy()
    assert [path for path in (tmp_path / ".pulumi").rglob("*") if path.is_file()] == [file]


def test_a_stack_that_cannot_be_destroyed_goes_with_the_lab(pulumi):
    pulumi('destroy) echo "error: no"; exit 255;;')
    assert deploy("down", "dev").returncode == 255
    done = deploy("down", "dev", "--with-the-lab")
    assert (done.returncode, done.stderr) == (0, "deploy: it goes with the lab all the same.\n")


def test_states_are_written_for_their_owner_alone(pulumi, tmp_path):
    pulumi(f"up) touch {tmp_path}/state.json;;")
    deploy("up", "dev")
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


def test_a_repair_reads_the_cluster_on_the_lab_and_elsewhere_only_shows(pulumi, monkeypatch):
    calls = pulumi('preview) echo "~ Gateway web";;')
    done = deploy("repair", "dev")
    assert (done.returncode, done.stdout) == (1, "~ Gateway web\n")
    assert "`pulumi up --refresh --stack dev` reads the cluster again" in done.stderr
    monkeypatch.setenv("LAB_TOOLS", "here")
    assert deploy("repair", "dev").returncode == 0
    assert calls() == ["preview --refresh --diff", "up --yes --skip-preview --refresh"]


@pytest.mark.parametrize(("create", "code"), [("false", 1), ("true", 0)])
def test_a_namespace_that_the_cluster_does_not_have_is_refused(pulumi, tmp_path, create, code):
    config = {"istio-ingress:namespace": {"value": "shop"}, "istio-ingress:create_namespace": {"value": create}}
    calls = pulumi("*) ;;", config=json.dumps(config))
    (tmp_path / "kubectl").write_text(
        "#!/bin/bash\necho 'Error from server (NotFound): namespaces \"shop\" not found' >&2; exit 1\n"
    )
    (tmp_path / "kubectl").chmod(0o755)
    done = deploy("up", "dev")
    assert (done.returncode, "up --yes --skip-preview" in calls()) == (code, not code)
    assert ("config namespace is 'shop', which the cluster does not have" in done.stderr) == bool(code)


SECRET = {
    "type": "creating",
    "resource": {
        "type": "kubernetes:core/v1:Secret",
        "provider": "p::1",
        "inputs": {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": "web-1",
                "namespace": "istio-system",
                "annotations": {"pulumi.com/patchFieldManager": "pulumi-istio-ingress"},
            },
        },
    },
}


def kubectl_that_has_secrets(tmp_path):
    (tmp_path / "kubectl").write_text(
        f"#!/bin/bash\necho $* >> {tmp_path}/asked\n"
        '[ $1 = get ] && [ $2 = Secret ] && echo -n "pulumi-istio-ingress 2026-11-26T14:38:12Z"; exit 0\n'
    )
    (tmp_path / "kubectl").chmod(0o755)


def test_a_secret_that_only_the_torn_state_knows_does_not_stay_in_the_cluster(pulumi, tmp_path):
    file = state(tmp_path, WHOLE)
    kubectl_that_has_secrets(tmp_path)
    pulumi("*) ;;", url=f"file://{tmp_path}")
    deploy("up", "dev")
    names = [("istio-system/old", "Secret"), ("istio-system/new", "Secret"), ("shop/web", "Service")]
    told = [{"urn": "u", "id": id_, "type": f"kubernetes:core/v1:{kind}"} for id_, kind in names]
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": told}}}, indent=4)[:-20])
    file.with_name("dev.json.bak").write_text("")
    (tmp_path / "state").write_text(json.dumps({"deployment": {"resources": told[:1]}}))
    done = deploy("up", "dev")
    assert "Secret istio-system/new was left over; it is deleted." in done.stderr
    deleted = [line for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("delete")]
    assert [line.split()[:3] for line in deleted] == [["delete", "Secret", "new"]]


def test_what_the_first_of_two_killed_updates_had_begun_is_removed(pulumi, tmp_path):
    """The recovery is killed when it has cleared the pending operations, and before it deletes the object."""
    provider = {"urn": "p", "type": "pulumi:providers:kubernetes", "inputs": {}}
    deployment = {"resources": [provider], "pending_operations": [SECRET]}
    (tmp_path / "state").write_text(json.dumps({"deployment": deployment}))
    kubectl_that_has_secrets(tmp_path)
    cleared = f"refresh) sed -i 's/pending_operations/was/' {tmp_path}/state; kill -9 $PPID;;"
    pending = f"grep -q pending_operations {tmp_path}/state"
    pulumi(f'up) if {pending}; then echo "error: pending operations"; exit 1; fi;;\n{cleared}')
    assert deploy("up", "dev").returncode == -signal.SIGKILL
    assert not (tmp_path / "asked").exists()
    done = deploy("up", "dev")
    assert "Secret istio-system/web-1 was left over; it is deleted." in done.stderr
    assert "delete Secret web-1" in (tmp_path / "asked").read_text()
    (tmp_path / "asked").unlink()
    deploy("up", "dev")
    assert not (tmp_path / "asked").exists()
