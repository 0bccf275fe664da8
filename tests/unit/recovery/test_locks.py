"""Who holds a lock, and whether that is alive."""

import json
import os
import socket
import subprocess

import pytest

from istio_ingress.recovery import locks
from istio_ingress.recovery.locks import Lock
from istio_ingress.terminal import CommandError
from tests.unit.recovery.fake_tools import DEAD

HERE = socket.gethostname()


@pytest.mark.parametrize(
    ("host", "pid", "is_dead"),
    [
        (HERE, DEAD, True),
        (HERE, 1, False),
        ("elsewhere", DEAD, False),
        (HERE, 2**70, False),
    ],
)
def test_a_process_is_dead_if_it_is_known_to_be(host, pid, is_dead):
    assert Lock("me", host, pid).is_dead == is_dead


def test_a_process_that_was_killed_and_that_nobody_has_waited_for_is_dead():
    with subprocess.Popen(["sleep", "60"]) as process:
        lock = Lock("me", HERE, process.pid)
        assert not lock.is_dead
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert lock.is_dead


def test_what_pulumi_complains_of_is_read():
    complaint = (
        "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete "
        "the lock file with `pulumi cancel`.\n"
        "  s3://bucket/.pulumi/locks/a.json: created by me@build-1 (pid 17) at 2026-11-26T14:00:00Z\n"
        "  s3://bucket/.pulumi/locks/b.json: created by a b@corp.example@build-2 (pid 18) at 2026-11-26T15:00:00Z\n"
    )
    assert locks.told(complaint) == [
        Lock("me", "build-1", 17, "2026-11-26T14:00:00Z"),
        Lock("a b@corp.example", "build-2", 18, "2026-11-26T15:00:00Z"),
    ]
    assert locks.told("error: no stack selected") == []


@pytest.mark.parametrize(
    ("folder", "stack"),
    [
        ("organization/shop/dev", "dev"),
        ("organization/shop/dev", "organization/shop/dev"),
        ("dev", "dev"),  # as before projects
    ],
)
def test_a_stacks_locks_are_its_own(pulumi, folder, stack):
    for project, name in (("shop", "prod"), ("blog", "dev"), ("shop", "dev2")):
        pulumi.lock(project=project, stack=name)
    assert locks.held(pulumi.folder / ".pulumi", stack, "shop") == []
    ours = pulumi.folder / ".pulumi" / "locks" / folder
    ours.mkdir(parents=True)
    held = {"pid": 17, "username": "me", "hostname": "build-1", "timestamp": "2026-11-26T14:00:00Z"}
    (ours / "a.json").write_text(json.dumps(held))
    assert locks.held(pulumi.folder / ".pulumi", stack, "shop") == [Lock("me", "build-1", 17, "2026-11-26T14:00:00Z")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": null, "username": "me", "hostname": "h", "timestamp": "t"}'])
def test_a_lock_that_does_not_say_who_holds_it_is_nobodys_to_clear(pulumi, text):
    pulumi.lock()
    (file,) = pulumi.locks.rglob("*.json")
    file.write_text(text)
    with pytest.raises(CommandError, match=r"a\.json is a lock that does not say who holds it; `pulumi cancel`"):
        locks.held(pulumi.folder / ".pulumi", "dev", "shop")
