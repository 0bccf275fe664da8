"""A person's PEM text, written again as Envoy wants it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import zip_longest

from istio_ingress.x509.pem import (
    CERTIFICATES,
    COMMENT,
    KEY,
    KEYS,
    MARK,
    TRUSTED,
    Block,
    Kind,
    UnreadableError,
    first_value,
    found,
    refuse_encrypted,
)


def written(text: str, kind: Kind) -> str:
    """A person's text as Envoy wants it: its blocks, written again. A text that Envoy reads so already stays as it is.

    Spaces for newlines, indented lines, a byte order mark, END and BEGIN on one line, explanations around the
    blocks: none of them leaves a doubt about what is meant.

    Raises:
        UnreadableError: it is not clear what is meant, or not what is wanted.
    """
    meant = list(_meant(text))
    wanted = [
        _meant_block(label, content, kind, f"a text whose block {number}")
        for number, (label, content) in enumerate(meant, 1)
        if label in kind.labels | kind.beside
    ]
    if not any(block.label in kind.labels for block in wanted):
        raise UnreadableError(f"a text without '-----BEGIN {kind.label}-----'")
    if kind is KEY:
        wanted = wanted[:1]
    has_foreign_key = kind is not KEY and any(label in KEYS for label, _ in meant)
    try:
        if found(text.encode(errors="replace"), kind) == tuple(wanted) and not has_foreign_key:
            return text
    except UnreadableError:
        pass  # Envoy does not read it, and a person can
    return "".join(block.text() for block in wanted)


_NO_MARK = re.compile(  # other dashes, too few of them, small letters
    r"[-\u2010-\u2015\u2212]\s*(BEGIN|END)\b[A-Z0-9 ]*(CERTIFICATE|KEY|CRL)"
    r"|\b(BEGIN|END)\b[A-Z0-9 ]*(CERTIFICATE|KEY|CRL)\s*[-\u2010-\u2015\u2212]",
    re.IGNORECASE,
)
_ESCAPED = re.compile(r"\\r\\n|\\n|\\r|\\t|\r\n|\r")
_SPACE = re.compile(r"[\s\ufeff\u200b]+")


def _meant(text: str) -> Iterator[tuple[str, str]]:
    """The blocks that a person means, each with its label and what stands in it."""
    outside, *parts = MARK.split(COMMENT.sub("", _ESCAPED.sub("\n", text)))
    marks = list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))
    if any(map(_NO_MARK.search, [outside, *parts[2::3]])):
        raise UnreadableError("a text with a BEGIN or END that is not between five dashes and in capital letters")
    for number, (begin, end) in enumerate(zip_longest(marks[::2], marks[1::2], fillvalue=("", "", "")), 1):
        if (begin[0], end[0], end[1]) != ("BEGIN", "END", begin[1]):
            raise UnreadableError(f"a text whose block {number} has no BEGIN, or not its END")
        yield begin[1], begin[2]


def _meant_block(label: str, encoded: str, kind: Kind, this: str) -> Block:
    known = "CERTIFICATE" if label in CERTIFICATES else label
    refuse_encrypted(Block(known, b"", has_headers=":" in encoded), kind)
    digits = _SPACE.sub("", encoded).rstrip("=")
    try:
        content = base64.b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except ValueError:
        raise UnreadableError(f"{this} is not base64") from None
    value = first_value(content)
    if not value:
        raise UnreadableError(f"{this} is cut short, or nothing")
    return Block(known, value if label == TRUSTED else content)
