"""The Pulumi that runs programs on the lab, and the environment in which it does."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.parts import Parts
from lab.parts.catalog import load
from lab.settings import LabSettings

PULUMI = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec")
PLUGINS = {"kubernetes": "provider-kubernetes", "tls": "provider-tls"}
# The lab's certificates live for hours on one machine: this keeps keys out of files in clear, not from their owner.
PASSPHRASE = "lab"  # noqa: S105


@dataclass(frozen=True)
class Pulumi:
    """Which Pulumi is used."""

    own: Path | None
    """A person's own `pulumi` on PATH; None where the lab builds one."""
    version: str = ""
    """Of the one that the lab builds."""

    def describe(self) -> str:
        """One phrase for people."""
        return f"your own, {self.own}" if self.own else f"built here, {self.version}"


def choose() -> Pulumi:
    """The person's own Pulumi where PATH has one, unless LAB_PULUMI=build.

    Raises:
        LabError: LAB_PULUMI has another value.
    """
    wish = os.environ.get("LAB_PULUMI", "")
    if wish not in ("", "build"):
        raise LabError(
            f"LAB_PULUMI is {wish!r}: leave it unset (use the pulumi on PATH, if there is one) or set it to 'build'."
        )
    found = None if wish == "build" or "LAB_TOOLS" in os.environ else shutil.which("pulumi")
    return Pulumi(own=Path(found) if found else None, version=load().go["pulumi"].version)


def prepare(settings: LabSettings, parts: Parts, pulumi: Pulumi) -> None:
    """Put the tools of the lab into one directory, and the provider plugins where the engine looks for them."""
    tools = settings.state / "bin"
    shutil.rmtree(tools, ignore_errors=True)
    tools.mkdir(parents=True)
    executables = [parts.executable("kubernetes", "kubectl"), parts.executable("istio", "istioctl")]
    if not pulumi.own:
        executables += [parts.executable("pulumi", name) for name in PULUMI]
        for plugin, part in PLUGINS.items():
            home = settings.state / "pulumi-home" / "plugins" / f"resource-{plugin}-v{load().go[part].version}"
            home.mkdir(parents=True, exist_ok=True)
            place(parts.executable(part, f"pulumi-resource-{plugin}"), home)
    for executable in executables:
        place(executable, tools)
    (settings.state / "pulumi-state").mkdir(mode=0o700, exist_ok=True)


def environment(settings: LabSettings, pulumi: Pulumi) -> dict[str, str]:
    """What a shell needs so that pulumi, kubectl and istioctl work on the lab."""
    python = Path(sys.executable).parent
    variables = {
        "LAB_TOOLS": str(settings.state / "bin"),
        "PATH": os.pathsep.join([str(settings.state / "bin"), str(python), os.environ.get("PATH", "")]),
        "KUBECONFIG": str(settings.kubeconfig),
        "PULUMI_BACKEND_URL": f"file://{settings.state / 'pulumi-state'}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "NO_PROXY": ",".join(filter(None, [str(settings.subnet), settings.node_ip, os.environ.get("NO_PROXY", "")])),
        "VIRTUAL_ENV": str(python.parent),
    }
    return variables if pulumi.own else variables | {"PULUMI_HOME": str(settings.state / "pulumi-home")}


def exports(variables: dict[str, str]) -> str:
    """The environment as lines for a POSIX shell."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def place(executable: Path, directory: Path) -> None:
    """Put an executable into a directory of tools."""
    # No symbolic link: pulumi looks for its language host beside the file that it resolves itself to.
    target = directory / executable.name
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(executable)
    except OSError:  # another file system
        shutil.copy2(executable, target)
