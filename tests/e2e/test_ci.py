"""The workflows of docs/ci.md, read from the page and run step by step, as GitHub's runner would run them."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.ageing import age
from tests.e2e.stacks import REPOSITORY

pytestmark = pytest.mark.timeout(600)  # a workflow is half a dozen commands, some of which start an engine
PAGE = (REPOSITORY / "docs" / "ci.md").read_text()
WORKFLOWS = {
    loaded["name"]: loaded
    for loaded in (
        yaml.safe_load(part.split("```\n\n")[0].removesuffix("```\n")) for part in PAGE.split("```yaml\n")[1:]
    )
}
PROGRAM = """from istio_ingress import TlsGateway

TlsGateway(
    "shop",
    {
        "namespace": "NAMESPACE",
        "hosts": [{"host": "HOST", "routes": [{"direct_response": {"status": 200}}]}],
    },
)
"""
# GitHub's own command, which notes what it would have posted.
GH = """#!/bin/bash
set -eu
[ "$GH_TOKEN" = token ]
[ "$1 $2 $3 $4" = "pr comment 7 --body-file" ]
cp "$5" "$POSTED"
"""


class Runner:
    """Runs a workflow's steps in a project's folder."""

    def __init__(self, folder, stack):
        self.folder, self.stack = folder, stack
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text(GH)
        (folder / "bin" / "gh").chmod(0o755)
        self.posted = folder / "posted.md"
        self.given = {
            "secrets.KUBECONFIG": Path(os.environ["KUBECONFIG"]).read_text(),
            "secrets.PULUMI_CONFIG_PASSPHRASE": os.environ["PULUMI_CONFIG_PASSPHRASE"],
            "vars.PULUMI_BACKEND_URL": stack.environment["PULUMI_BACKEND_URL"],
            "github.token": "token",
            "github.event.number": "7",
            "matrix.stack": stack.name,
        }
        self.summary = folder / "summary.md"

    def _values(self, told):
        """Values of `env`, with what stands between `${{` and `}}` filled in."""
        for name, value in told.items():
            for expression, given in self.given.items():
                value = value.replace("${{ " + expression + " }}", given)
            assert "${{" not in value
            yield name, value

    def __call__(self, workflow):
        """The outcome of each `run` step by its name; what follows a failed one runs only where it says so."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PULUMI_STACK", "KUBECONFIG", "PULUMI_CONFIG_P"))
        }
        exported = self.folder / "env"
        exported.write_text("")
        environment |= dict(self._values(workflow["env"])) | {
            "GITHUB_ENV": str(exported),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "RUNNER_TEMP": str(self.folder),
            "POSTED": str(self.posted),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }
        if "PULUMI_STACK" in environment:
            environment["PULUMI_STACK"] = self.stack.name
        (job,) = workflow["jobs"].values()
        outcomes, failed = {}, False
        for step in job["steps"]:
            if "run" not in step or (failed and step.get("if") != "always()"):
                continue
            own = environment | dict(self._values(step.get("env", {})))
            pipefail = ["-o", "pipefail"] if step.get("shell") == "bash" else []
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", *pipefail, "-c", step["run"]],
                cwd=self.stack.directory,
                env=own,
                capture_output=True,
                text=True,
                timeout=240,
            )
            outcomes[step["name"]] = done
            failed = failed or done.returncode != 0
            environment |= dict(line.split("=", 1) for line in exported.read_text().splitlines())
        return outcomes


@pytest.fixture(scope="module")
def stack(new_stack, namespace):
    made = new_stack(
        PROGRAM.replace("NAMESPACE", namespace).replace("HOST", f"www.{namespace}.example.com"), name="staging"
    )
    (made.directory / "requirements.txt").write_text("istio-ingress[tools]\nruff\n")
    return made


@pytest.fixture
def run(stack, tmp_path):
    return Runner(tmp_path, stack)


def codes(outcomes):
    return {name: done.returncode for name, done in outcomes.items()}


def test_a_pull_request_is_told_what_it_would_do(run, namespace):
    outcomes = run(WORKFLOWS["ingress"])
    assert set(codes(outcomes).values()) == {0}, outcomes
    assert list(outcomes) == ["install", "cluster", "lint", "preview", "comment"]
    comment = run.posted.read_text()
    assert f"www.{namespace}.example.com" in comment.split("```mermaid")[1]
    assert "held against the cluster at https://" in comment
    assert "0 findings" in comment
    assert "PRIVATE KEY" not in comment


def test_a_pull_request_with_a_mistake_is_told_which_and_fails(run, stack):
    good = (stack.directory / "__main__.py").read_text()
    stack.rewrite(good.replace('"direct_response": {"status": 200}', '"service": "nobody.nowhere.svc.cluster.local"'))
    outcomes = run(WORKFLOWS["ingress"])
    stack.rewrite(good)
    assert codes(outcomes) == {
        "install": 0,
        "cluster": 0,
        "lint": 0,
        "preview": outcomes["preview"].returncode,
        "comment": 0,
    }
    assert outcomes["preview"].returncode != 0
    assert 'TlsGateway "shop": hosts[0].routes[0].' in run.posted.read_text()


def test_a_night_in_which_a_certificate_is_due_fails_and_says_which(run, stack, namespace):
    stack.up()
    assert codes(run(WORKFLOWS["certificates"])) == {"install": 0, "renew-check": 0}
    label = f"www-{namespace}-example-com"
    age(stack, 340, f"shop-{label}-ecdsa-p256-certificate")
    assert codes(run(WORKFLOWS["certificates"])) == {"install": 0, "renew-check": 1}
    assert f"shop-{label}-ecdsa-p256-certificate ends " in run.summary.read_text()
    stack.up()
