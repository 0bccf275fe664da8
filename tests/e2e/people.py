"""Somebody who types the commands of docs/languages.md, outside the repository, with a program in another language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.stacks import REPOSITORY, Stack

PAGE = (REPOSITORY / "docs" / "languages.md").read_text()
LANGUAGES = {"YAML": "yaml", "TypeScript": "typescript", "Go": "go"}
# What the plugin's package is built from, and what the page has copied.
_CLONE = ("components", "examples", "plugin", "LICENSE", "README.md", "pyproject.toml", "requirements.txt")
_IMAGES = {
    "httpbinImage": "lab.local/go-httpbin:1",
    "helloworldImage": "lab.local/helloworld:1",
    "nginxImage": "lab.local/nginx:1",
}


def commands(title: str) -> list[str]:
    """The commands of one section of the page, in order."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\$ (.*)$", section, re.MULTILINE)


def language_hosts() -> str:
    """The directory of the language hosts, built unless the cache has them."""
    command = [sys.executable, "-m", "lab", "languages"]
    return subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def clone(folder: Path) -> Path:
    """A copy of the repository in a folder, as somebody gets it who clones it."""
    made = folder / "istio-ingress"
    ignored = shutil.ignore_patterns("__pycache__", "venv", "node_modules", "sdks")
    for name in _CLONE:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, made / name, ignore=ignored)
        else:
            made.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(REPOSITORY / name, made / name)
    return made


def environment(hosts: str, state: Path) -> dict[str, str]:
    """What such a person's shell has: the language hosts, and a folder for Pulumi's state."""
    state.mkdir()
    own = os.environ | {
        "PATH": os.pathsep.join([hosts, os.environ["PATH"]]),
        "PULUMI_BACKEND_URL": f"file://{state}",
        "PULUMI_SKIP_CONFIRMATIONS": "true",
    }
    for mine in ("PULUMI_STACK", "VIRTUAL_ENV", "PYTHONPATH"):
        own.pop(mine, None)
    return own


@dataclass
class Person:
    """Somebody who types the page's commands, says yes, and has domain, namespace and images of a test."""

    directory: Path
    environment: Mapping[str, str]
    domain: str
    namespace: str
    language: str

    def begin(self) -> None:
        """Type what the page says of the language, but for the first `pulumi up`."""
        self.type(*[line for line in commands(self.language) if line != "pulumi up"])

    def type(self, *lines: str) -> None:
        """Type commands that must succeed."""
        for line in lines:
            if line.startswith("cd "):
                self.directory /= line.removeprefix("cd ")
                continue
            done = self.run(line.replace("shop.example", self.domain))
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            if line.startswith("pulumi stack init"):
                for key, value in {"namespace": self.namespace, **_IMAGES}.items():
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
        return Stack(self.directory, "dev", dict(self.environment))
