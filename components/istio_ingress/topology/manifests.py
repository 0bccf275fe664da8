"""An object as the API server or a preview gives it, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]


def name_of(manifest: Manifest) -> tuple[str, str]:
    """Namespace and name."""
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]
