"""The hosts with which Pulumi runs programs in YAML, TypeScript and Go, and Python's for their plugins."""

from __future__ import annotations

from pathlib import Path

from lab.parts import golang
from lab.parts.catalog import GO_SOURCES, GoModule, go_modules, load
from lab.progress import Progress
from lab.settings import LabSettings
from lab.toolchain import place

SOURCES = Path(__file__).resolve().parent


def modules() -> dict[str, GoModule]:
    """The modules that the hosts are built from."""
    return go_modules(SOURCES / "parts.toml", SOURCES)


def prepare(settings: LabSettings, progress: Progress) -> Path:
    """Build what the cache does not hold yet, and give the directory of the hosts, to be put on PATH.

    Raises:
        LabError: Go is missing or too old, or the compiler failed; it names the log.
    """
    tools = settings.state / "languages"
    tools.mkdir(parents=True, exist_ok=True)
    python = load().go["pulumi"]  # this checkout's, whatever the running lab was made of
    for module, sources in [(python, GO_SOURCES), *((one, SOURCES) for one in modules().values())]:
        with progress.step(f"language hosts: {module.name}", quiet_below=1.0):
            log = settings.cache / "logs" / f"build-{module.name}.log"
            built = golang.build(module, settings.cache, log, sources)
        for host in built.glob("pulumi-language-*"):
            place(host, tools)
    return tools
