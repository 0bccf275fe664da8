"""An update that is killed at any moment is made good by what a person types next, and nobody notices."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from istio_ingress.field_managers import field_manager
from istio_ingress.recovery import providers
from tests.e2e.ageing import age
from tests.e2e.conftest import kubectl
from tests.e2e.environment import GATEWAY_PODS, Environment
from tests.e2e.stacks import REPOSITORY, Stack

KINDS = "secrets,configmaps,deployments,services,gateways.networking.istio.io,virtualservices.networking.istio.io"
OURS = field_manager("istio-ingress", "dev")
LEAVES = ("web-httpbin-{0}-ecdsa-p256-certificate", "mutual-mutual-{0}-ecdsa-p256-certificate", "nginx-certificate")


class Shop:
    """The environment, and the kinds of update that its certificates see."""

    def __init__(self, environment):
        self.environment = environment
        self.generation = self.leaf_generation = 1
        kinds = [self.rotate, self.renew, self.trust, self.issue, self.finish, self.renew_authority]
        self.changes = cycle(kinds)

    def configure(self, **config):
        """Written with an editor: `pulumi config set` reads the state as well, which the kill may have torn."""
        stack = self.environment.stack
        file = stack.directory / f"Pulumi.{stack.name}.yaml"
        settings = yaml.safe_load(file.read_text())
        settings["config"] |= {f"istio-ingress:{key}": str(value) for key, value in config.items()}
        file.write_text(yaml.safe_dump(settings))

    def rotate(self):
        self.leaf_generation += 1
        self.configure(leaf_generation=self.leaf_generation)

    def renew(self):
        self.age(340, *LEAVES)

    def trust(self):
        self.generation += 1
        self.configure(ca_generation=self.generation, ca_rollover="trust")

    def issue(self):
        self.configure(ca_rollover="issue")

    def finish(self):
        self.configure(ca_rollover="finished")

    def renew_authority(self):
        self.age(3650 - 364, f"ca-g{self.generation}-certificate")

    def age(self, days, *templates):
        name = self.environment.name
        age(self.environment.stack, days, *(f"{name}-{one.format(f'{name}-example-com')}" for one in templates))

    def kill(self, moments):
        """Whether `pulumi up` was still at work when it was killed, with all that it had started."""
        stack = self.environment.stack
        command = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"]
        started = time.monotonic()
        update = subprocess.Popen(
            command, cwd=stack.directory, env=stack.environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            update.wait(moments.uniform(min(1.0, self.seconds / 4), self.seconds))
            self.seconds = time.monotonic() - started  # as long as an update takes on this machine, now
        except subprocess.TimeoutExpired:
            os.killpg(update.pid, signal.SIGKILL)
        return update.wait() == -signal.SIGKILL

    def deploy(self):
        """What a person types next."""
        stack = self.environment.stack
        done = subprocess.run(
            [sys.executable, "-m", "deploy", "up", "dev"],
            cwd=stack.directory,
            env={**stack.environment, "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def recover(self, *options):
        """What a person may type first; exit code, and what it says of each thing."""
        stack = self.environment.stack
        command = [sys.executable, "-m", "istio_ingress", "recover", "--json", *options]
        done = subprocess.run(
            command, cwd=stack.directory, env=stack.environment, capture_output=True, text=True, timeout=180
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return done.returncode, json.loads(done.stdout)["items"]

    def managers(self):
        """Who claims fields of the environment's objects, but for their status."""
        claimed = set()
        for namespace in (GATEWAY_PODS, self.environment.namespace):
            objects = json.loads(kubectl("get", KINDS, "-n", namespace, "-o", "json", "--show-managed-fields"))["items"]
            mine = [one["metadata"] for one in objects if one["metadata"]["name"].startswith(self.environment.name)]
            entries = [entry for metadata in mine for entry in metadata["managedFields"]]
            claimed |= {entry["manager"] for entry in entries if "subresource" not in entry}
        return claimed

    def is_clean(self):
        stack = self.environment.stack
        assert stack.planned() == {}
        assert not json.loads(stack.pulumi("stack", "export"))["deployment"].get("pending_operations")
        assert self.managers() == {OURS}
        assert self.environment.credentials() == self.environment.in_use()


@pytest.fixture(scope="module")
def shop(tmp_path_factory, ingress, namespace):
    stack = Stack.of_this_repository(tmp_path_factory.mktemp("killed"), "dev")
    yield Shop(Environment.create(stack, ingress, f"kill-{namespace}", namespace))
    stack.destroy()


def kill_and_repair(shop, moments, make_good=Shop.deploy):
    """Make the next kind of update and kill it while clients connect; gives whether it was still at work.

    What counts is the handshake: a 503 under a busy machine is the workload's.
    """
    change = next(shop.changes)
    client = shop.environment.client()
    loads = [shop.environment.load(host, client, 15) for host in ("httpbin", "mutual", "nginx")]
    with loads[0], loads[1], loads[2]:
        change()
        killed = shop.kill(moments)
        make_good(shop)
    for load in loads:
        assert [answer for answer in load.other_than(200) if answer.refused] == [], change.__name__
    shop.is_clean()
    return killed


@pytest.fixture(scope="module")
def timed(shop):
    """The shop, once it is known how long an update takes here."""
    shop.rotate()
    started = time.monotonic()
    shop.environment.stack.up()
    shop.seconds = time.monotonic() - started
    return shop


def test_an_update_that_is_killed_is_made_good_by_the_next_and_loses_no_handshake(timed):
    moments, hits = random.Random(5), []
    while len(hits) < 3 or (sum(hits) < 2 and len(hits) < 8):
        hits.append(kill_and_repair(timed, moments))
    assert sum(hits) >= 2, "too few updates were still at work when they were killed"


def test_what_a_killed_update_left_is_shown_then_cleared_and_an_ordinary_update_goes_on(timed):
    moments, killed = random.Random(7), 0
    stack = timed.environment.stack
    while killed < 2:
        next(timed.changes)()
        if not timed.kill(moments):
            continue
        before = stack.pulumi("stack", "export")
        code, items = timed.recover()
        killed += code
        assert {item["status"] for item in items} <= {"left", "kept"}
        assert ("lock" in {item["kind"] for item in items}) == (code == 1)
        assert stack.pulumi("stack", "export") == before
        assert timed.recover()[1] == items
        code, items = timed.recover("--yes")
        assert code == 0
        assert {item["status"] for item in items} <= {"cleared", "kept"}
        assert timed.recover() == (0, [])
        stack.up()
        timed.is_clean()


def started_deploy(shop):
    """What a person types next, as a process."""
    stack = shop.environment.stack
    return subprocess.Popen(
        [sys.executable, "-m", "deploy", "up", "dev"],
        cwd=stack.directory,
        env={**stack.environment, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def killed_recovery(shop):
    """The recovery is killed as well, wherever it is, with the pulumi that it has started; then it is repeated."""
    for moment in (1.0, 2.0, 3.0):
        deploy = started_deploy(shop)
        time.sleep(moment)
        deploy.send_signal(signal.SIGSTOP)  # so that it starts nothing more
        os.waitid(os.P_PID, deploy.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        started = Path(f"/proc/{deploy.pid}/task/{deploy.pid}/children")
        children = started.read_text().split() if started.exists() else []
        deploy.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        deploy.wait()
    shop.deploy()


def recover_and_update(shop):
    shop.recover("--yes")
    shop.environment.stack.up()


@pytest.mark.parametrize("make_good", [Shop.deploy, recover_and_update, killed_recovery])
def test_an_object_that_only_the_killed_update_wanted_is_removed(timed, make_good):
    """The change is taken back between the kill and the repair: nobody comes to the new Secrets' names again."""
    moments = random.Random(3)
    for _ in range(2):
        before = timed.leaf_generation
        timed.rotate()
        timed.kill(moments)
        timed.configure(leaf_generation=before)
        timed.leaf_generation += 1
        make_good(timed)
        timed.is_clean()


def told_to_end(shop):
    """The repair ends at each signal that a terminal or a supervisor sends; then it is repeated."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with started_deploy(shop) as deploy:
            time.sleep(1.5)
            deploy.send_signal(number)
            assert deploy.wait(timeout=120) in (0, 128 + number, -number)
    shop.deploy()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_kills_at_any_moment_lose_no_request_and_leave_nothing(timed):
    """Whether the repair goes through, is killed three times itself, or is told to end."""
    moments, killed = random.Random(20), 0
    for make_good in cycle([Shop.deploy, killed_recovery, told_to_end]):
        killed += kill_and_repair(timed, moments, make_good)
        assert providers.outliving(timed.environment.stack.directory) == []
        if killed == 20:
            return
