"""The matches of a VirtualService's routes in as few letters as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = {"method": "", "scheme": "", "authority": "host "}


def http(match: Mapping[str, Any]) -> str:
    """`/status*`, `/hello`, `/api* GET`, `~ /v[12]`; empty where every request matches."""
    words = [_uri(match["uri"])] if match.get("uri") else []
    words += [f"{word}{_text(match[field])}" for field, word in _WORDS.items() if match.get(field)]
    for field, word in (("headers", "header"), ("withoutHeaders", "no header"), ("queryParams", "query")):
        found = match.get(field)
        words += [f"{word} {name}" for name in found] if isinstance(found, Mapping) else []
    words += [f"port {match['port']}"] if match.get("port") else []
    return " ".join(words)


def sni(match: Mapping[str, Any]) -> str:
    """`SNI nginx.example.com`, with the port where one is named."""
    hosts = match.get("sniHosts")
    words = [f"SNI {', '.join(map(str, hosts))}"] if isinstance(hosts, list) else []
    words += [f"port {match['port']}"] if match.get("port") else []
    return " ".join(words)


def _uri(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return "(not known yet)"
    if "prefix" in condition:
        return f"{condition['prefix']}*"
    return _text(condition)


def _text(condition: Any) -> str:
    if not isinstance(condition, Mapping):
        return "(not known yet)"
    if "exact" in condition:
        return str(condition["exact"])
    if "prefix" in condition:
        return f"{condition['prefix']}*"
    return f"~ {condition.get('regex', '')}".rstrip()
