"""The example of the Automation API: all environments in turn, until something is found."""

import functools
import json
import os
import subprocess
import sys

import pytest

from tests.e2e.conftest import eventually, kubectl
from tests.e2e.stacks import REPOSITORY

DOMAINS = {"dev": "dev.shop.example", "staging": "staging.shop.example", "production": "shop.example"}
EXAMPLE = REPOSITORY / "examples" / "automation" / "environments.py"


class Runs:
    """The example in a folder and on a backend of its own."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "state").mkdir()
        self.environment = os.environ | {"PULUMI_BACKEND_URL": f"file://{folder / 'state'}"}
        del self.environment["PULUMI_STACK"]
        self.text = EXAMPLE.read_text()

    def __call__(self, text):
        (self.folder / "environments.py").write_text(text)
        command = [sys.executable, "environments.py"]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=280
        )

    def end(self):
        ending = self.text.replace('(("preview", stack.preview), ("update", stack.up))', '(("end", stack.destroy),)')
        assert ending != self.text
        done = self(ending)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def run(tmp_path):
    runs = Runs(tmp_path)
    yield runs
    runs.end()


def test_all_environments_are_updated_in_turn_and_the_first_finding_stops_them(run, requests):
    wrong = run.text.replace(
        '"staging.shop.example", "shop:leaf_days": "90"', '"staging..example", "shop:leaf_days": "90"'
    )
    assert wrong != run.text
    stopped = run(wrong)
    assert stopped.returncode == 1, stopped.stderr
    assert [line.split()[:2] for line in stopped.stdout.splitlines()] == [
        ["dev", "preview"],
        ["dev", "update"],
        ["staging", "preview"],
    ]
    assert "hosts[0].host is 'www.staging..example', but must be a DNS name" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert "shop-production" not in kubectl("get", "gateways.networking.istio.io", "--namespace=default")

    done = run(run.text)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines] == [[one, step] for one in DOMAINS for step in ("preview", "update")]
    assert [line[2] for line in lines[:2]] == ["0", "0"]
    for environment, domain in DOMAINS.items():
        ca = ca_of(run, environment)
        ask = functools.partial(requests.https, f"www.{domain}", "/", ca=ca)
        assert eventually(ask, lambda answer: answer.status == 200).body == domain


def ca_of(run, environment):
    (run.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    command = ["pulumi", "stack", "output", "--json", f"--stack=organization/shop/{environment}"]
    done = subprocess.run(command, cwd=run.folder, env=run.environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["gateway"]["ca_certificate"]
