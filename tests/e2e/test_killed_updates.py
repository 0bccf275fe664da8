"""An update that is killed at any moment is made good by what a person types next, and nobody notices."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import cycle

import pytest

from tests.e2e.ageing import age
from tests.e2e.conftest import kubectl
from tests.e2e.environment import GATEWAY_PODS, Environment
from tests.e2e.stacks import Stack

KINDS = "secrets,configmaps,deployments,services,gateways.networking.istio.io,virtualservices.networking.istio.io"
OURS = "pulumi-istio-ingress"
LEAVES = ("web-httpbin-{0}-ecdsa-p256-certificate", "mutual-mutual-{0}-ecdsa-p256-certificate", "nginx-certificate")


class Shop:
    """The environment, and the kinds of update that its certificates see."""

    def __init__(self, environment):
        self.environment = environment
        self.generation = self.leaf_generation = 1
        kinds = [self.rotate, self.renew, self.trust, self.issue, self.finish, self.renew_authority]
        self.changes = cycle(kinds)

    def configure(self, **config):
        for key, value in config.items():
            self.environment.stack.pulumi("config", "set", key, str(value))

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
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr

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


def kill_and_repair(shop, moments):
    """Make the next kind of update and kill it while clients connect; gives whether it was still at work.

    What counts is the handshake: a 503 under a busy machine is the workload's.
    """
    change = next(shop.changes)
    client = shop.environment.client()
    loads = [shop.environment.load(host, client, 15) for host in ("httpbin", "mutual", "nginx")]
    with loads[0], loads[1], loads[2]:
        change()
        killed = shop.kill(moments)
        shop.deploy()
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


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_twenty_kills_at_any_moment_lose_no_request_and_leave_nothing(timed):
    moments, killed = random.Random(20), 0
    while killed < 20:
        killed += kill_and_repair(timed, moments)


def test_an_object_that_only_the_killed_update_wanted_is_removed(timed):
    """The change is taken back between the kill and the repair: nobody comes to the new Secrets' names again."""
    moments = random.Random(3)
    for _ in range(2):
        before = timed.leaf_generation
        timed.rotate()
        timed.kill(moments)
        timed.configure(leaf_generation=before)
        timed.leaf_generation += 1
        timed.deploy()
        timed.is_clean()
