"""parts.toml as typed values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.parts import gomod

HERE = Path(__file__).resolve().parent.parent
GO_SOURCES = HERE / "go"
PULUMI_PARTS = ("pulumi", "provider-kubernetes", "provider-tls")


@dataclass(frozen=True)
class GoModule:
    """Binaries of one pinned module; lab/go/<name> holds its go.mod and go.sum."""

    name: str
    packages: list[str]
    module: str = ""
    """The one whose line in go.mod is the part's version; empty for a program of our own."""
    version: str = ""
    """As go.mod has it; what upstream calls it, where go.mod can only name a commit."""
    output: str = ""
    """The binary's name where the package's own would be wrong."""
    tags: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Strings the linker sets; `{version}`, `{major}` and `{minor}` are the part's."""
    embeds: dict[str, list[str]] = field(default_factory=dict)
    """Files of a module, copied beside the main package before the build."""
    copies: dict[str, list[str]] = field(default_factory=dict)
    """Files of a module, delivered beside the binaries."""
    generate: list[str] = field(default_factory=list)
    """A package to build and run before the build, with its arguments."""
    sums: list[str] = field(default_factory=list)
    """Upstream's published checksums, for modules the checksum database does not hold."""


@dataclass(frozen=True)
class Wheel:
    """Files out of one PyPI wheel."""

    name: str
    requirement: str
    sha256: str
    files: list[str]

    @property
    def version(self) -> str:
        """The one that the requirement names."""
        return self.requirement.partition("==")[2]


@dataclass(frozen=True)
class DebianSet:
    """Packages and what they depend on, unpacked into one root."""

    name: str
    packages: list[str]
    without: list[str]


@dataclass(frozen=True)
class Image:
    """One OCI image: Debian files below, binaries on top."""

    reference: str
    entrypoint: list[str]
    user: str = ""
    debian: str = ""
    binaries: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    directories: list[str] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalog:
    """Everything the lab is made of."""

    go: dict[str, GoModule]
    wheels: dict[str, Wheel]
    debian: dict[str, DebianSet]
    images: dict[str, Image]


def load(path: Path = HERE / "parts.toml") -> Catalog:
    """Read the table of parts."""
    table: dict[str, Any] = tomllib.loads(path.read_text())
    never = table["debian"]["without"]
    return Catalog(
        go=go_modules(path, GO_SOURCES),
        wheels={name: Wheel(name=name, **row) for name, row in table["wheels"].items()},
        debian={
            name: DebianSet(name=name, packages=row["packages"], without=[*never, *row["without"]])
            for name, row in table["debian"]["sets"].items()
        },
        images={reference: Image(reference=reference, **row) for reference, row in table["images"].items()},
    )


def go_modules(path: Path, sources: Path) -> dict[str, GoModule]:
    """The Go modules of a table, each with its own directory below `sources`."""
    return {name: _go_module(name, row, sources) for name, row in tomllib.loads(path.read_text())["go"].items()}


def _go_module(name: str, row: dict[str, Any], sources: Path) -> GoModule:
    version = str(row.get("version", ""))
    if not version and "module" in row:
        version = gomod.required(sources / name / "go.mod")[row["module"]]
    major, minor = [*version.split("."), "", ""][:2]
    variables = {
        variable: value.format(version=version, major=major, minor=minor)
        for variable, value in row.get("variables", {}).items()
    }
    return GoModule(**{**row, "name": name, "version": version, "variables": variables})
