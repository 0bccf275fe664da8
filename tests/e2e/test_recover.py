"""`istio-ingress recover` where an update was killed while it created a Secret."""

import json
import subprocess
import sys

import pytest

from istio_ingress.field_managers import field_manager
from tests.e2e.conftest import kubectl

EMPTY = "import pulumi\n"
PROGRAM = """
from pulumi_kubernetes.core.v1 import Secret

Secret("web", metadata={{
    "name": "web-1", "namespace": "{namespace}", "annotations": {{"pulumi.com/patchFieldManager": "{manager}"}},
}}, string_data={{"word": "teapot"}})
"""
OURS = field_manager("e2e", "test")


@pytest.fixture
def killed(new_stack, namespace):
    """Makes a stack whose update was killed when it had created the Secret and not yet written that down."""

    def kill(program):
        stack = new_stack(program)
        stack.up()
        file = stack.directory / "state" / ".pulumi" / "stacks" / "e2e" / "test.json"
        state = json.loads(file.read_text())
        latest = state["checkpoint"]["latest"]
        (secret,) = (one for one in latest["resources"] if one["type"] == "kubernetes:core/v1:Secret")
        latest["resources"].remove(secret)
        begun = {key: secret[key] for key in ("urn", "custom", "type", "inputs", "parent", "provider")}
        latest["pending_operations"] = [{"type": "creating", "resource": begun}]
        file.write_text(json.dumps(state))
        return stack

    return kill


def recover(stack, *options):
    command = [sys.executable, "-m", "istio_ingress", "recover", "--json", *options]
    done = subprocess.run(
        command, cwd=stack.directory, env=stack.environment, capture_output=True, text=True, timeout=120
    )
    assert "Traceback" not in done.stderr
    return done.returncode, [(item["kind"], item["status"]) for item in json.loads(done.stdout)["items"]]


def secrets(namespace):
    return kubectl("get", "secrets", "-n", namespace, "-o", "name").split()


def test_a_secret_that_the_program_no_longer_wants_is_deleted(killed, namespace):
    stack = killed(PROGRAM.format(namespace=namespace, manager=OURS))
    stack.rewrite(EMPTY)
    assert recover(stack) == (1, [("operation", "left"), ("object", "left")])
    assert secrets(namespace) == ["secret/web-1"]
    assert recover(stack, "--yes") == (0, [("operation", "cleared"), ("object", "cleared")])
    assert secrets(namespace) == []
    assert recover(stack) == (0, [])
    assert stack.planned() == {}


def test_a_secret_that_the_program_wants_is_taken_over_by_the_next_update(killed, namespace):
    stack = killed(PROGRAM.format(namespace=namespace, manager=OURS))
    uid = kubectl("get", "secret", "web-1", "-n", namespace, "-o", "jsonpath={.metadata.uid}")
    assert recover(stack, "--yes") == (0, [("operation", "cleared"), ("object", "kept")])
    stack.up()
    assert kubectl("get", "secret", "web-1", "-n", namespace, "-o", "jsonpath={.metadata.uid}") == uid
    stack.destroy()
    assert secrets(namespace) == []


def test_a_secret_that_is_not_our_components_stays(killed, namespace):
    stack = killed(PROGRAM.format(namespace=namespace, manager="somebody"))
    stack.rewrite(EMPTY)
    assert recover(stack, "--yes") == (0, [("operation", "cleared")])
    assert secrets(namespace) == ["secret/web-1"]
