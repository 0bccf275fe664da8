"""Files beside a state file that a kill has left half written.

Pulumi writes a state file in one stroke, but not the few attributes that its file backend keeps beside each (`.attrs`):
killed just there, it leaves an empty file and cannot read the state, which is whole. Without the file it can. A backend
URL that ends in `?metadata=skip` has none of these files.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit


def remove_torn(backend: str) -> list[Path]:
    """Remove the half-written ones of a file backend; gives what was removed, nothing for any other backend."""
    url = urlsplit(backend)
    if url.scheme != "file":
        return []
    root = Path(url.netloc + url.path).expanduser() / ".pulumi"
    torn = [path for path in root.rglob("*.attrs") if not _is_whole(path)]
    for path in torn:
        path.unlink()
    return torn


def _is_whole(path: Path) -> bool:
    try:
        json.loads(path.read_text())
    except ValueError:
        return False
    return True
