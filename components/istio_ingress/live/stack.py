"""What a stack exports for those who ask its hosts; another stack may export something else under these names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: The kinds of hosts, in the order of the walk-through.
PURPOSES = ("http", "tls", "mutual", "passthrough")
_OWN_AUTHORITY = {"mutual": "mutual_ca_certificate", "passthrough": "passthrough_ca_certificate"}


def hosts(outputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """The hosts by purpose."""
    told = outputs.get("hosts")
    by_purpose = told if isinstance(told, Mapping) else {}
    return {purpose: list(by_purpose.get(purpose) or []) for purpose in PURPOSES}


def authority(outputs: Mapping[str, Any], purpose: str) -> str:
    """The certificate authority (PEM) that a client must trust for the hosts of a purpose; empty where none is told."""
    return str(outputs.get(_OWN_AUTHORITY.get(purpose, "")) or outputs.get("ca_certificate") or "")
