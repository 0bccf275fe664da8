"""Binaries from pinned Go modules."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

from lab.cache import artifact, key_of
from lab.errors import LabError
from lab.parts import gomod
from lab.parts.catalog import GO_SOURCES, GoModule

ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def key(module: GoModule, sources: Path | None = None) -> str:
    """What the binaries are made from."""
    return key_of(dataclasses.asdict(module), (sources or GO_SOURCES) / module.name, ENVIRONMENT, release())


def build(module: GoModule, cache: Path, log: Path, sources: Path | None = None) -> Path:
    """The directory with the module's binaries, built unless the cache holds it.

    Args:
        module: what is built.
        cache: the directory all clones share.
        log: where the compiler's words go.
        sources: where the module's own directory stands, if not with those of the lab.

    Raises:
        LabError: Go is missing or too old, a checksum differs, or the compiler failed.
    """
    _check_sums(module)
    origin = (sources or GO_SOURCES) / module.name
    made_of = key(module, sources)
    return artifact(cache, f"go-{module.name}", made_of, lambda scratch: _compile(module, origin, scratch, log))


def _compile(module: GoModule, origin: Path, scratch: Path, log: Path) -> None:
    source = scratch / "source"
    shutil.copytree(origin, source)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    for upstream, files in module.embeds.items():
        for file in files:
            shutil.copyfile(_module_directory(upstream, source, log) / file, source / Path(file).name)
    if module.generate:
        package, *arguments = module.generate
        generator = scratch / "generator"
        _go_build(module, [package], str(generator), source, log)
        _run([str(generator), *arguments], source, log)
    _go_build(module, module.packages, f"{scratch}/{module.output}", source, log)
    for upstream, files in module.copies.items():
        for file in files:
            shutil.copy(_module_directory(upstream, source, log) / file, scratch / Path(file).name)
            (scratch / Path(file).name).chmod(0o755)
    shutil.rmtree(source)
    (scratch / "generator").unlink(missing_ok=True)


def _go_build(module: GoModule, packages: list[str], target: str, source: Path, log: Path) -> None:
    tags, flags = ",".join(module.tags), _linker_flags(module)
    _run(["go", "build", "-trimpath", "-tags", tags, "-ldflags", flags, "-o", target, *packages], source, log)


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


def release() -> str:
    """The Go on PATH.

    Raises:
        LabError: there is none, or a go.mod asks for a newer one.
    """
    needed = gomod.release(GO_SOURCES)
    if shutil.which("go") is None:
        raise LabError(f"`go` is not on PATH; install Go {needed} or newer.")
    found = subprocess.run(
        ["go", "env", "GOVERSION"], env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=True
    ).stdout.strip()
    if gomod.numbers(found) < gomod.numbers(needed):
        raise LabError(f"Go on PATH is {found}; the lab's modules need go{needed} or newer.")
    return found
