"""Files beside a state file that a kill has left half written.

Pulumi writes a state file in one stroke, but not the few attributes that its file backend keeps beside each (`.attrs`):
killed just there, it leaves an empty file and cannot read the state, which is whole. Without the file it can. A backend
URL that ends in `?metadata=skip` has none of these files.
"""

from __future__ import annotations

import json
from pathlib import Path


def torn(root: Path) -> list[Path]:
    """The half-written ones of a file backend, of every stack in it."""
    return sorted(path for path in root.rglob("*.attrs") if not _is_whole(path))


def remove_torn(root: Path) -> list[Path]:
    """Remove them; gives which."""
    files = torn(root)
    for file in files:
        file.unlink(missing_ok=True)
    return files


def _is_whole(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except FileNotFoundError:
        return True  # a running update has just replaced it
    except ValueError:
        return False
    return True
