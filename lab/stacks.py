"""The stacks in the lab's own Pulumi backend."""

from __future__ import annotations

import json
from pathlib import Path

from lab.settings import LabSettings


def deployed(settings: LabSettings) -> list[str]:
    """Names of the stacks that have made something, as far as their states say, or cannot be read."""
    files = (settings.state / "pulumi-state" / ".pulumi" / "stacks").rglob("*.json")
    return sorted({file.stem for file in files if _has_resources(file)})


def _has_resources(file: Path) -> bool:
    try:
        latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
    except (ValueError, LookupError, TypeError):
        return True
    return bool(latest.get("resources") or latest.get("pending_operations"))
