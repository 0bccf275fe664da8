"""A Pulumi stack of a test: its program, its own backend, the real engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
UPDATE_SECONDS = 180


class PulumiError(AssertionError):
    """A pulumi command ended with an error; the message is all that it printed."""


@dataclass(frozen=True)
class Stack:
    """One project directory with one stack in it."""

    directory: Path
    name: str
    environment: dict[str, str] = field(repr=False)

    @classmethod
    def create(cls, directory: Path, program: str, name: str = "test", *, project: str = "e2e") -> Stack:
        """Write the program and make an empty stack with a backend below `directory`."""
        (directory / "state").mkdir(parents=True)
        (directory / "Pulumi.yaml").write_text(f"name: {project}\nruntime: python\n")
        (directory / "__main__.py").write_text(program)
        environment = os.environ | {
            "PULUMI_BACKEND_URL": f"file://{directory / 'state'}",
            "PULUMI_STACK": name,
        }
        stack = cls(directory, name, environment)
        stack.pulumi("stack", "init", name)
        return stack

    @classmethod
    def of_this_repository(cls, directory: Path, name: str) -> Stack:
        """The repository's own program with one of its stacks' configurations, on a backend below `directory`."""
        stack = cls.create(directory, (REPOSITORY / "__main__.py").read_text(), name, project="istio-ingress")
        for file in ("Pulumi.yaml", "settings.py", f"Pulumi.{name}.yaml"):
            shutil.copyfile(REPOSITORY / file, directory / file)
        return stack

    def rewrite(self, program: str) -> None:
        """Replace the program."""
        (self.directory / "__main__.py").write_text(program)

    def up(self, **config: object) -> dict[str, Any]:
        """Update with these config values; the outputs, secrets included."""
        self.pulumi("up", "--yes", "--skip-preview", *_config(config))
        return self.outputs()

    def preview(self, *options: str, **config: object) -> str:
        """What `pulumi preview` prints."""
        return self.pulumi("preview", *options, *_config(config))

    def planned(self, **config: object) -> dict[str, list[str]]:
        """The operations of a preview, but `same`: operation to resource names."""
        steps = json.loads(self.preview("--json", **config)).get("steps", [])
        planned: dict[str, list[str]] = {}
        for step in steps:
            if step["op"] != "same":
                planned.setdefault(step["op"], []).append(step["urn"].rsplit("::", 1)[1])
        return planned

    def refused(self, **config: object) -> str:
        """The one sentence with which a preview refuses the program before anything is planned."""
        done = self.run("preview", "--json", *_config(config))
        assert done.returncode != 0, f"the preview succeeded:\n{done.stdout}"
        preview = json.loads(done.stdout)
        planned = [step["urn"] for step in preview["steps"] if "pulumi:pulumi:Stack" not in step["urn"]]
        assert planned == []
        sentence, end = (diagnostic["message"] for diagnostic in preview["diagnostics"])
        assert "program exited with non-zero exit code" in end
        return str(sentence).removeprefix("error: ").strip()

    def outputs(self) -> dict[str, Any]:
        """All outputs, secrets included."""
        parsed: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json", "--show-secrets"))
        return parsed

    def requests(self, *options: str) -> list[dict[str, Any]]:
        """What `istio-ingress requests` says of each request."""
        done = self.command("requests", "--json", *options)
        assert done.returncode in (0, 1), done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["requests"]
        return found

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `istio-ingress …` in the project."""
        return self._in_project([sys.executable, "-m", "istio_ingress", *words])

    def destroy(self) -> None:
        """Take away everything that the stack declared."""
        self.pulumi("destroy", "--yes", "--skip-preview")

    def fails(self, *arguments: str) -> str:
        """The output of a pulumi command that must fail."""
        done = self.run(*arguments)
        assert done.returncode != 0, f"`pulumi {' '.join(arguments)}` succeeded:\n{done.stdout}"
        return done.stdout + done.stderr

    def pulumi(self, *arguments: str) -> str:
        """The standard output of a pulumi command that must succeed.

        Raises:
            PulumiError: it did not.
        """
        done = self.run(*arguments)
        if done.returncode != 0:
            raise PulumiError(f"`pulumi {' '.join(arguments)}` failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a pulumi command in the project."""
        return self._in_project(["pulumi", *arguments, "--non-interactive"])

    def _in_project(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=UPDATE_SECONDS,
            check=False,
        )


def _config(values: dict[str, object]) -> list[str]:
    options: list[str] = []
    for key, value in values.items():
        options += ["--config", f"{key}={value if isinstance(value, str) else json.dumps(value)}"]
    return options
