"""parts.toml as typed values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
GO_SOURCES = HERE / "go"
PULUMI_PARTS = ("pulumi", "language-python", "language-host", "provider-kubernetes", "provider-tls")


@dataclass(frozen=True)
class GoModule:
    """Binaries of one pinned module; lab/go/<name> holds its go.mod and go.sum."""

    name: str
    version: str
    packages: list[str]
    output: str = ""
    """The binary's name where the package's own would be wrong."""
    tags: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Strings the linker sets."""
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
        go={name: GoModule(name=name, **row) for name, row in table["go"].items()},
        wheels={name: Wheel(name=name, **row) for name, row in table["wheels"].items()},
        debian={
            name: DebianSet(name=name, packages=row["packages"], without=[*never, *row["without"]])
            for name, row in table["debian"]["sets"].items()
        },
        images={reference: Image(reference=reference, **row) for reference, row in table["images"].items()},
    )
