"""How wide text is, and what to do where it is too wide."""

from __future__ import annotations

_NARROW, _WIDE = frozenset("iIjlftr.,:;'|!()[]{}/ -"), frozenset("mwMW%@—")
ELLIPSIS = "…"


def width(text: str, size: float) -> float:
    """The width of text in the widest of the usual sans-serif fonts: whoever opens the picture has one of them."""
    ems = (0.38 if c in _NARROW else 0.96 if c in _WIDE else 0.73 if c.isupper() else 0.63 for c in text)
    return sum(ems) * size


def shortened(text: str, longest: int) -> str:
    """The text without its middle, where it has more characters: both ends of a name tell it from others."""
    if len(text) <= longest:
        return text
    kept = longest - len(ELLIPSIS)
    return text[: kept - kept // 2] + ELLIPSIS + text[len(text) - kept // 2 :]


def fitted(text: str, size: float, widest: float) -> str:
    """The text shortened until it fits."""
    longest = len(text)
    while width(shortened(text, longest), size) > widest and longest > 2:
        longest -= 1
    return shortened(text, longest)


def wrapped(text: str, size: float, widest: float, most: int) -> list[str]:
    """The text on so many lines at most, the last shortened if need be."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= widest:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += f" {ELLIPSIS}"
    return [fitted(line, size, widest) for line in kept]
