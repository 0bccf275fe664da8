"""Binaries from pinned Go modules."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

from lab.cache import artifact, key_of
from lab.errors import LabError
from lab.parts.catalog import GO_SOURCES, GoModule

GO_RELEASE = (1, 26)
ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def key(module: GoModule) -> str:
    """What the binaries are made from."""
    return key_of(dataclasses.asdict(module), GO_SOURCES / module.name, ENVIRONMENT, _go_version())


def build(module: GoModule, cache: Path, log: Path) -> Path:
    """The directory with the module's binaries, built unless the cache holds it.

    Raises:
        LabError: Go is missing or too old, a checksum differs, or the compiler failed.
    """
    _check_sums(module)
    return artifact(cache, f"go-{module.name}", key(module), lambda scratch: _compile(module, scratch, log))


def _compile(module: GoModule, scratch: Path, log: Path) -> None:
    source = scratch / "source"
    shutil.copytree(GO_SOURCES / module.name, source)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    for origin, files in module.embeds.items():
        for file in files:
            shutil.copyfile(_module_directory(origin, source, log) / file, source / Path(file).name)
    if module.generate:
        package, *arguments = module.generate
        generator = scratch / "generator"
        _run(["go", "build", "-trimpath", "-o", str(generator), package], source, log)
        _run([str(generator), *arguments], source, log)
    target = f"{scratch}/{module.output}"
    _run(
        [
            "go",
            "build",
            "-trimpath",
            "-tags",
            ",".join(module.tags),
            "-ldflags",
            _linker_flags(module),
            "-o",
            target,
            *module.packages,
        ],
        source,
        log,
    )
    for origin, files in module.copies.items():
        for file in files:
            shutil.copy(_module_directory(origin, source, log) / file, scratch / Path(file).name)
            (scratch / Path(file).name).chmod(0o755)
    shutil.rmtree(source)
    (scratch / "generator").unlink(missing_ok=True)


def _linker_flags(module: GoModule) -> str:
    return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in module.variables.items())])


def _module_directory(origin: str, source: Path, log: Path) -> Path:
    _run(["go", "mod", "download", origin], source, log)
    listed = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", origin],
        cwd=source,
        env=os.environ | ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(listed.stdout.strip())


def _run(command: list[str], directory: Path, log: Path) -> None:
    with log.open("a") as output:
        print("$", *command, file=output, flush=True)
        finished = subprocess.run(
            command, cwd=directory, env=os.environ | ENVIRONMENT, stdout=output, stderr=output, check=False
        )
    if finished.returncode != 0:
        raise LabError(f"`{' '.join(command[:2])}` failed in lab/go/{log.stem.removeprefix('build-')}.", log=log)


def _check_sums(module: GoModule) -> None:
    recorded = (GO_SOURCES / module.name / "go.sum").read_text().splitlines() if module.sums else []
    for line in module.sums:
        if line not in recorded:
            raise LabError(f"lab/go/{module.name}/go.sum does not hold upstream's published checksum {line!r}.")


def _go_version() -> str:
    if shutil.which("go") is None:
        raise LabError(f"Go is not on PATH; install Go {GO_RELEASE[0]}.{GO_RELEASE[1]} or newer.")
    text = subprocess.run(
        ["go", "env", "GOVERSION"], env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True
    ).stdout.strip()
    release = tuple(int(number) for number in text.removeprefix("go").split("-")[0].split(".")[:2])
    if release < GO_RELEASE:
        raise LabError(f"Go on PATH is {text}; the lab's modules need go{GO_RELEASE[0]}.{GO_RELEASE[1]} or newer.")
    return text
