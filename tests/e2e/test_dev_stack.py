"""The repository's own program, as `make up` runs it, beside whatever stack is up on the lab."""

import base64
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.e2e.stacks import REPOSITORY, Stack

KILLED_AT = random.Random(11)
KILLS = 3
PEM_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def tree() -> dict[str, str]:
    """Every file that git would notice, with its content's digest."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    files = [REPOSITORY / name for name in listed if name.endswith((".yaml", ".json")) and "/" not in name]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def tree_before():
    return tree()


@pytest.fixture(scope="module")
def dev(tree_before, tmp_path_factory, namespace):
    stack = Stack.of_this_repository(tmp_path_factory.mktemp("dev"), "dev")
    for key, value in {"domain": f"{namespace}.example.com", "namespace": namespace, "prefix": f"{namespace}-"}.items():
        stack.pulumi("config", "set", key, value)
    stack.up()
    yield stack
    stack.destroy()


def test_every_request_of_the_walk_through_gets_its_answer(dev, namespace):
    domain = f"{namespace}.example.com"
    assert {one["request"]: one["seen"] for one in right(dev.requests())} == {
        f"http://httpbin.{domain}/status/200": "200 HTTP/1.1",
        f"http://httpbin.{domain}/headers": "404 HTTP/1.1",
        f"https://httpbin.{domain}/status/418": "418 HTTP/2",
        f"https://httpbin.{domain}/status/418 with another CA": "refused",
        f"https://helloworld.{domain}/hello": "200 HTTP/2",
        f"https://helloworld.{domain}/hello with another CA": "refused",
        f"https://mutual.{domain}/status/418 with the client certificate": "418 HTTP/2",
        f"https://mutual.{domain}/status/418 without a client certificate": "refused",
        f"https://nginx.{domain}/": "200 HTTP/1.1",
        f"https://nginx.{domain}/ with another CA": "refused",
    }


def right(requests):
    """The requests, all of which got what was expected."""
    assert [one for one in requests if not one["right"]] == []
    return requests


def test_a_second_update_and_a_preview_change_nothing(dev):
    assert dev.planned() == {}
    dev.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    dev.pulumi("up", "--yes", "--skip-preview", "--refresh", "--expect-no-changes")


def test_no_private_key_is_in_clear_in_state_or_outputs(dev):
    written = [path for path in (dev.directory / "state").rglob("*") if path.is_file()]
    assert any(b"BEGIN CERTIFICATE" in path.read_bytes() for path in written)
    assert [path.name for path in written if PEM_KEY.search(path.read_bytes())] == []
    encoded = base64.b64encode(b"-----BEGIN ")[:14]
    states = [path for path in written if "stacks" in path.parts and path.suffix == ".json"]
    assert [path.name for path in states if encoded in path.read_bytes()] == []
    shown = dev.pulumi("stack", "output", "--json") + dev.preview("--diff")
    assert "BEGIN CERTIFICATE" in shown
    assert not PEM_KEY.search(shown.encode())


def test_an_update_killed_at_any_moment_is_made_good_by_the_next(tmp_path_factory, namespace, ingress, tmp_path):
    stack = Stack.of_this_repository(tmp_path_factory.mktemp("killed"), "dev")
    domain = f"killed-{namespace}.example.com"
    for key, value in {"domain": domain, "namespace": namespace, "prefix": f"k-{namespace}-"}.items():
        stack.pulumi("config", "set", key, value)
    deploy = [sys.executable, "-m", "deploy", "up", "dev"]
    environment = stack.environment
    for _ in range(KILLS):
        update = subprocess.Popen(
            ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"],
            cwd=stack.directory,
            env=environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(KILLED_AT.uniform(1.0, 5.0))
        os.killpg(update.pid, signal.SIGKILL)
        update.wait()
        with_deploy = {**environment, "PYTHONPATH": str(REPOSITORY)}
        subprocess.run(deploy, cwd=stack.directory, env=with_deploy, check=True, capture_output=True, timeout=120)
        right(stack.requests())
        assert '"pending_operations"' not in stack.pulumi("stack", "export")
        stack.destroy()


def test_the_tree_stays_as_it_was(dev, tree_before):
    assert tree() == tree_before
