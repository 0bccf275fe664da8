"""Programs in other languages, made and run as docs/languages.md says, in a clean folder outside the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from istio_ingress.live.client import Identity
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.keys import leaks, private_keys
from tests.e2e.stacks import REPOSITORY, Stack

PAGE = (REPOSITORY / "docs" / "languages.md").read_text()
# What the plugin's package is built from, and what the page has copied.
CLONE = ("components", "examples", "plugin", "LICENSE", "README.md", "pyproject.toml", "requirements.txt")
IMAGES = {
    "httpbinImage": "lab.local/go-httpbin:1",
    "helloworldImage": "lab.local/helloworld:1",
    "nginxImage": "lab.local/nginx:1",
}
LANGUAGES = {"YAML": "yaml", "TypeScript": "typescript", "Go": "go"}
# The SDKs are fetched, and built, once a run.
# It builds a language host and an SDK for each language, which takes longer than `make test` may.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1500)]


def commands(title: str) -> list[str]:
    """The commands of one section of the page, in order."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\$ (.*)$", section, re.MULTILINE)


@pytest.fixture(scope="module")
def hosts() -> str:
    """The directory of the language hosts, built unless the cache has them."""
    done = subprocess.run(
        [sys.executable, "-m", "lab", "languages"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, as somebody gets it who clones it."""
    clone = tmp_path_factory.mktemp("languages") / "istio-ingress"
    ignored = shutil.ignore_patterns("__pycache__", "venv", "node_modules", "sdks")
    for name in CLONE:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, clone / name, ignore=ignored)
        else:
            shutil.copyfile(REPOSITORY / name, clone / name)
    return clone


@dataclass
class Person:
    """Somebody who types the page's commands, says yes, and has domain, namespace and images of a test."""

    directory: Path
    environment: dict[str, str]
    domain: str
    namespace: str
    language: str

    def type(self, *lines: str) -> None:
        """Type commands that must succeed."""
        for line in lines:
            if line.startswith("cd "):
                self.directory /= line.removeprefix("cd ")
                continue
            done = self.run(line.replace("shop.example", self.domain))
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            if line.startswith("pulumi stack init"):
                for key, value in {"namespace": self.namespace, **IMAGES}.items():
                    assert self.run(f"pulumi config set {key} {value}").returncode == 0

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Type one command."""
        return subprocess.run(
            line.split(),
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )

    @property
    def stack(self) -> Stack:
        """What the commands have made."""
        return Stack(self.directory, "dev", self.environment)


@pytest.fixture(params=LANGUAGES)
def person(request, hosts: str, clone: Path, namespace: str):
    """Somebody with a program in this language, whose stack is destroyed after all."""
    folder = clone.parent
    state = folder / f"state-{request.param}"
    state.mkdir()
    environment = os.environ | {
        "PATH": os.pathsep.join([hosts, os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_SKIP_CONFIRMATIONS": "true",
    }
    for mine in ("PULUMI_STACK", "VIRTUAL_ENV", "PYTHONPATH"):
        environment.pop(mine, None)
    domain = f"{LANGUAGES[request.param]}-{uuid.uuid4().hex[:6]}.example.com"
    person = Person(folder, environment, domain, namespace, request.param)
    person.type(*[line for line in commands(request.param) if line != "pulumi up"])
    yield person
    person.run("pulumi destroy")


def of_refused(stack: Stack) -> list[str]:
    """What of the three components that are told a generation is in the state."""
    deployment = json.loads(stack.pulumi("stack", "export"))["deployment"]
    urns = [one["urn"] for one in deployment.get("resources") or []]
    return [urn for urn in urns if re.search(":index:(TlsGateway|MutualTlsGateway|PassthroughNginx)", urn)]


def test_a_program_is_refused_created_rotated_and_destroyed_as_the_page_says(person, requests):
    stack, web, mutual = person.stack, f"httpbin.{person.domain}", f"mutual.{person.domain}"
    up, mistake, preview, right, destroy = (commands("From then on")[index] for index in (1, 2, 3, 4, 5))
    (sentence,) = re.findall(r'^error: TlsGateway "web": (.*)$', PAGE, re.MULTILINE)  # or another component's

    person.type(mistake)
    for line in (preview, "pulumi up --skip-preview"):
        refused = person.run(line)
        assert refused.returncode != 0
        assert sentence in " ".join((refused.stdout + refused.stderr).split())
        assert "Traceback" not in refused.stdout + refused.stderr
    assert of_refused(stack) == []

    person.type("pulumi config set leafGeneration 1")
    # The SDK of Node.js itself writes every value that it is given into such logs, as the page says.
    logs = "" if person.language == "TypeScript" else "--logtostderr --logflow -v=3 --debug"
    created = person.run(f"{up} {logs}")
    assert created.returncode == 0, created.stdout
    outputs = stack.outputs()
    ca, identity = outputs["caCertificate"], Identity(outputs["clientCertificate"], outputs["clientKey"])

    def ask(host, path="/status/418", **options):
        return requests.https(host, path, ca=ca, **options)

    eventually(lambda: requests.http(web, "/status/200"), lambda answer: answer.status == 200)
    eventually(lambda: ask(web), lambda answer: answer.status == 418)
    eventually(lambda: ask(mutual, identity=identity), lambda answer: answer.status == 418)
    eventually(lambda: ask(f"helloworld.{person.domain}", "/hello"), lambda answer: answer.status == 200)
    eventually(lambda: ask(f"nginx.{person.domain}", "/"), lambda answer: answer.status == 200)
    assert ask(mutual).refused

    keys = private_keys(stack)
    assert len(keys) >= 6, "an authority's, three servers', nginx's and a client's"
    said = [person.run(line) for line in ("pulumi stack export", "pulumi stack output --json", "pulumi preview --diff")]
    texts = [created.stdout, created.stderr, *(one.stdout + one.stderr for one in said)]
    assert leaks(stack, keys, *texts) == []
    assert stack.planned() == {}

    person.type(right, up)
    renewed = stack.outputs()
    assert renewed["clientKey"] != outputs["clientKey"]
    assert renewed["caCertificate"] == ca
    identity = Identity(renewed["clientCertificate"], renewed["clientKey"])
    eventually(lambda: ask(mutual, identity=identity), lambda answer: answer.status == 418)
    assert private_keys(stack) - keys

    person.type(destroy)
    kinds = "gateways.networking.istio.io,virtualservices.networking.istio.io,deployments,services,secrets"
    assert kubectl("get", kinds, f"--namespace={person.namespace}", "--output=name").split() == []
    left = kubectl("get", "secrets", "--namespace=istio-system", "--output=name")
    assert person.domain.replace(".", "-") not in left
