"""Paths as the gateway's Envoy normalises them before anything is matched (Istio's default, BASE: RFC 3986)."""

from __future__ import annotations

import re

_UNRESERVED = re.compile(r"%([0-9A-Fa-f]{2})")
_KEPT = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def without_query(path: str) -> str:
    """What routes are matched by."""
    return path.partition("?")[0]


def normalised(path: str) -> str:
    """Without dot segments, backslashes and needless escapes; the query stays as it is."""
    name, mark, query = path.partition("?")
    name = _UNRESERVED.sub(_unescaped, name).replace("\\", "/")
    return _without_dots(name) + mark + query


def query_values(path: str) -> dict[str, str]:
    """The query's parameters; of those that come several times the first. Nothing is decoded."""
    found: dict[str, str] = {}
    for part in path.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        found.setdefault(name, value)
    return found


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _KEPT else escape[0]


def _without_dots(path: str) -> str:
    segments = path.split("/")[1:]
    kept: list[str] = []
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if segment == ".":
            if last:
                kept.append("")
        elif segment == "..":
            if kept:
                kept.pop()
            if last:
                kept.append("")
        else:
            kept.append(segment)
    return "/" + "/".join(kept)
