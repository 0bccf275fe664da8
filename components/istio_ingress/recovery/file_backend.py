"""Where Pulumi's file backend keeps its files, which no command of Pulumi lists.

They are laid out as pulumi's `pkg/backend/diy` does: `.pulumi/stacks`, `.pulumi/locks`, …, each with
`organization/<project>/<stack>` below it; backends from before projects had `<stack>` alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

_SCHEME = "file://"
_NAME = re.compile(r"""^name\s*:\s*["']?([\w.-]+)""", re.MULTILINE)


def root(url: str, cwd: Path) -> Path | None:
    """The folder of a file backend.

    Args:
        url: as `pulumi whoami --json` tells it.
        cwd: what a relative one starts from.

    Returns:
        None for any other backend.
    """
    if not url.startswith(_SCHEME):
        return None
    path = url.removeprefix(_SCHEME).partition("?")[0]
    return cwd / Path(path).expanduser() / ".pulumi"


def project(cwd: Path) -> str:
    """The name of the project that a folder belongs to; empty where it belongs to none."""
    folder = cwd.resolve()
    for place in (folder, *folder.parents):
        for file in (place / f"Pulumi.{ending}" for ending in ("yaml", "yml", "json")):
            if file.is_file():
                return _name(file)
    return ""


def _name(file: Path) -> str:
    text = file.read_text(errors="replace")
    if file.suffix == ".json":
        try:
            return str(json.loads(text)["name"])
        except (ValueError, LookupError, TypeError):
            return ""
    found = _NAME.search(text)
    return found[1] if found else ""
