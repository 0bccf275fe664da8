"""What a go.mod pins."""

from __future__ import annotations

import re
from pathlib import Path

REQUIREMENT = re.compile(r"^(?:require\s+|\t)(?P<module>\S+) v(?P<version>\S+)(?:\s*//.*)?$", re.MULTILINE)


def required(file: Path) -> dict[str, str]:
    """Module to version, without the `v`."""
    return {match["module"]: match["version"] for match in REQUIREMENT.finditer(file.read_text())}


def release(sources: Path) -> str:
    """The oldest Go that builds every module below."""
    asked = [re.findall(r"^go (\S+)$", file.read_text(), re.MULTILINE) for file in sources.glob("*/go.mod")]
    return str(max((text for texts in asked for text in texts), key=numbers))


def numbers(version: str) -> tuple[int, ...]:
    """A Go release to compare: (1, 26, 6) for `go1.26.6`."""
    return tuple(int(number) for number in re.findall(r"\d+", version.partition("-")[0]))
