"""Programs of every kind get the same verdicts: a mistake registers nothing, and without it the host answers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pulumi
import pytest

from tests.e2e.conftest import eventually
from tests.e2e.stacks import REPOSITORY, UPDATE_SECONDS

pytestmark = pytest.mark.sdk

TOP_LEVEL = """
from istio_ingress import HttpbinIngress

{declare}
"""
# A call that asks the engine and waits for its answer runs the event loop in the middle of the program.
WAITS = """
import asyncio

from pulumi.runtime.sync_await import _sync_await

from istio_ingress import HttpbinIngress

_sync_await(asyncio.sleep(0.2))
{declare}
_sync_await(asyncio.sleep(0.2))
"""
ASYNC_MAIN = """
import asyncio

import pulumi

from istio_ingress import HttpbinIngress


async def main():
    await asyncio.sleep(0.1)
    {declare}
    await asyncio.sleep(0.1)
    return {{"done": True}}


pulumi.run(main)
"""
INLINE = """
import os
import sys

from pulumi import automation

from istio_ingress import HttpbinIngress


def program():
    {declare}


backend = automation.ProjectBackend(os.environ["PULUMI_BACKEND_URL"])
settings = automation.ProjectSettings("e2e", "python", backend=backend)
options = automation.LocalWorkspaceOptions(project_settings=settings)
stack = automation.create_or_select_stack("test", "e2e", program, opts=options)
try:
    getattr(stack, sys.argv[1])()
except automation.CommandError as error:
    sys.exit(str(error))
"""
CALLER = """
import pulumi


def HttpbinIngress(name, args):
    pulumi.ComponentResource("istio-ingress:index:HttpbinIngress", name, args, remote=True)


{declare}
"""
KINDS = {"top level": TOP_LEVEL, "waits": WAITS}
if hasattr(pulumi, "run"):  # SDK 3.254 and newer
    KINDS["async main"] = ASYNC_MAIN


def declaration(namespace, host, *, mistake=False):
    never = {"prefix": "/status/200", "service": "teapot", "port": 80}
    routes = [{"prefix": "/status"}, never] if mistake else [{"prefix": "/status"}]
    args = {
        "namespace": namespace,
        "hosts": [host],
        "routes": routes,
        "workload": {"image": "lab.local/go-httpbin:1"},
    }
    return f'HttpbinIngress("kind", {args!r})'


def registered(stack):
    deployment = json.loads(stack.pulumi("stack", "export"))["deployment"]
    urns = [resource["urn"] for resource in deployment.get("resources") or []]
    return {urn.split("::")[2].rsplit("$", 1)[-1] for urn in urns} - {"pulumi:pulumi:Stack"}


def answers(requests, host):
    return eventually(lambda: requests.http(host, "/status/200"), lambda answer: answer.status == 200)


@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_registers_nothing_and_without_it_the_host_answers(kind, new_stack, namespace, requests):
    host = f"{kind.replace(' ', '-')}.kinds.example.com"
    stack = new_stack(KINDS[kind].format(declare=declaration(namespace, host, mistake=True)))
    assert "route-unreachable" in stack.fails("up", "--yes", "--skip-preview")
    assert registered(stack) == set()

    stack.rewrite(KINDS[kind].format(declare=declaration(namespace, host)))
    stack.up()
    answers(requests, host)


def test_an_inline_program_of_the_automation_api_is_judged_alike(new_stack, namespace, requests):
    stack = new_stack("")
    script = stack.directory / "inline.py"

    def automate(command, **mistake):
        script.write_text(INLINE.format(declare=declaration(namespace, "inline.kinds.example.com", **mistake)))
        return subprocess.run(
            [sys.executable, str(script), command],
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=UPDATE_SECONDS,
            check=False,
        )

    refused = automate("up", mistake=True)
    assert refused.returncode != 0
    assert "route-unreachable" in refused.stderr
    assert registered(stack) == set()

    done = automate("up")
    assert done.returncode == 0, done.stderr
    answers(requests, "inline.kinds.example.com")


def test_a_component_in_a_plugin_is_judged_there(new_stack, namespace, requests, tmp_path):
    for file in ("PulumiPlugin.yaml", "__main__.py"):
        shutil.copyfile(REPOSITORY / "plugin" / file, tmp_path / file)
    (tmp_path / "venv").symlink_to(sys.prefix)
    host = "plugin.kinds.example.com"
    stack = new_stack(CALLER.format(declare=declaration(namespace, host, mistake=True)))
    project = stack.directory / "Pulumi.yaml"
    project.write_text(f"{project.read_text()}plugins: {{providers: [{{name: istio-ingress, path: {tmp_path}}}]}}\n")
    said = stack.fails("up", "--yes", "--skip-preview")
    assert "route-unreachable" in said
    assert "components/istio_ingress" not in said, "a traceback of ours"
    assert registered(stack) <= {"pulumi:providers:istio-ingress"}

    stack.rewrite(CALLER.format(declare=declaration(namespace, host)))
    stack.up()
    answers(requests, host)
