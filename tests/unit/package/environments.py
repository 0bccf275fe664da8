"""Fresh virtual environments, and what is built of this repository to be installed there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
CONSTRAINTS = ("--constraint", str(REPOSITORY / "requirements.txt"))


def build(target: str, directory: Path, source: Path = REPOSITORY) -> Path:
    """The wheel or the sdist of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(directory)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (built,) = directory.iterdir()
    return built


@dataclass(frozen=True)
class Environment:
    """A virtual environment, with a pip that is not in it."""

    directory: Path

    @classmethod
    def create(cls, directory: Path) -> Environment:
        """An environment in which nothing is installed."""
        venv.create(directory, symlinks=True)
        return cls(directory)

    @property
    def site_packages(self) -> Path:
        (found,) = self.directory.glob("lib/python*/site-packages")
        return found

    def activated(self, shell: Mapping[str, str]) -> dict[str, str]:
        """A shell's variables once the environment is active in it."""
        others = {name: value for name, value in shell.items() if not name.startswith(("PYTHON", "PIP_"))}
        path = os.pathsep.join([str(self.directory / "bin"), shell["PATH"]])
        return others | {"VIRTUAL_ENV": str(self.directory), "PATH": path}

    def lend(self, wanted: Callable[[str], bool]) -> None:
        """Let it have packages of the environment in which the tests run; the file of one is enough to choose it."""
        lent = self.directory / "lent"
        lent.mkdir()
        for entry in Path(sysconfig.get_path("purelib")).iterdir():
            if wanted(entry.name):
                (lent / entry.name).symlink_to(entry)
        (self.site_packages / "lent.pth").write_text(f"{lent}\n")

    def pip(self, *arguments: str) -> None:
        """Run pip on it."""
        command = [sys.executable, "-m", "pip", "--python", str(self.directory / "bin" / "python"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.directory)
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self, project: Path, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command of it in a project's folder."""
        return subprocess.run(
            [self.directory / "bin" / command[0], *command[1:]],
            cwd=project,
            env=self.activated(os.environ),
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> set[str]:
        """Everything that is in it."""
        return {str(path.relative_to(self.directory)) for path in self.directory.rglob("*")}
