"""PEM text as Envoy reads it.

Its BoringSSL reads line by line (crypto/pem/pem_lib.cc) and strictly: a block begins and ends on lines of its own, with
nothing before them. One that begins otherwise is passed over; one that ends otherwise makes the whole text unusable,
whatever other readers make of it. tests/e2e/test_pem.py holds this against an Envoy.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple


class UnreadableError(ValueError):
    """Text that is not the PEM it should be. Says what it is, and never holds any of it: it may be a key."""


class Kind(NamedTuple):
    """What a text is to hold."""

    label: str
    """Of its blocks."""
    labels: frozenset[str]
    """Of all blocks that Envoy takes for the same."""
    beside: frozenset[str] = frozenset()
    """Of those that it reads in such a text, too."""


TRUSTED = "TRUSTED CERTIFICATE"  # of `openssl x509 -trustout`: what it is trusted for follows the certificate
CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE", TRUSTED})
CRL = "X509 CRL"
KEYS = frozenset(f"{word}PRIVATE KEY" for word in ("", "EC ", "RSA ", "DSA ", "ENCRYPTED "))

#: A server's certificate and those that lead from it to its root.
CHAIN = Kind("CERTIFICATE", CERTIFICATES)
#: Authorities' certificates.
BUNDLE = Kind("CERTIFICATE", CERTIFICATES, frozenset({CRL}))
KEY = Kind("PRIVATE KEY", KEYS)
REVOCATION_LISTS = Kind(CRL, frozenset({CRL}))


class Block(NamedTuple):
    """What stands between a BEGIN and its END."""

    label: str
    content: bytes
    has_headers: bool = False
    """Lines before an empty one, as encrypted keys have them."""

    def text(self) -> str:
        """As every reader takes it."""
        lines = textwrap.wrap(base64.b64encode(self.content).decode(), 64)
        return "\n".join([f"-----BEGIN {self.label}-----", *lines, f"-----END {self.label}-----", ""])


def found(pem: bytes, kind: Kind) -> tuple[Block, ...]:
    """The blocks of a kind as Envoy finds them; at least one.

    Raises:
        UnreadableError: it refuses the text, or finds none.
    """
    blocks: list[Block] = []
    for block in _blocks(pem):
        if block.label not in kind.labels | kind.beside or (kind is CHAIN and blocks and block.label == TRUSTED):
            continue
        refuse_encrypted(block, kind)
        blocks.append(block._replace(content=first_value(block.content)) if block.label == TRUSTED else block)
        if kind is KEY:
            break
    if not any(block.label in kind.labels for block in blocks):
        begin = f"'-----BEGIN {kind.label}-----'"
        if any(f"-----BEGIN {label}-----".encode() in pem for label in kind.labels):
            raise UnreadableError(f"a text in which {begin} is not a line of its own")
        raise UnreadableError(f"a text without {begin}")
    return tuple(blocks)


def refuse_encrypted(block: Block, kind: Kind) -> None:
    """Refuse what only a passphrase would open, and what looks as if.

    Raises:
        UnreadableError: Envoy does not read such a block.
    """
    if kind is KEY and (block.has_headers or block.label == "ENCRYPTED PRIVATE KEY"):
        raise UnreadableError("an encrypted key")
    if block.has_headers:
        raise UnreadableError("a text in which a block has headers, or an empty line in the middle")


# BIO_gets fills 254 characters, the last of which ends the string: a longer line comes in pieces.
_LINE = re.compile(rb"[^\n]{0,252}\n|[^\n]{1,253}")
# What is cut from the end of a line: C's `char` is signed, which puts all but ASCII below the space.
_BLANK = bytes(range(33)) + bytes(range(128, 256))
_BEGIN = re.compile(rb"-----BEGIN ([^\0]*)-----")
_END = b"-----END "
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")


def _blocks(pem: bytes) -> Iterator[Block]:
    """All blocks, one after the other, as BoringSSL's PEM_read_bio finds them."""
    lines = (line.rstrip(_BLANK) for line in _LINE.findall(pem))
    number = 0
    for line in lines:
        begin = _BEGIN.fullmatch(line)
        if begin:
            number += 1
            yield _block(begin[1], lines, f"a text whose block {number}")


def _block(label: bytes, lines: Iterator[bytes], this: str) -> Block:
    head, ending = _until(lines, lambda line: not line or line.startswith(_END))
    body = head
    if ending == b"":
        body, ending = _until(lines, lambda line: line.startswith(_END))
    if ending != _END + label + b"-----":
        raise UnreadableError(f"{this} does not end with a line of its own")
    encoded = b"".join(body).translate(None, b" \t\r\n")
    if not encoded or not _BASE64.fullmatch(encoded):
        raise UnreadableError(f"{this} is not base64")
    has_headers = body is not head and bool(head)
    return Block(label.decode(errors="replace"), base64.b64decode(encoded), has_headers)


def _until(lines: Iterator[bytes], ends: Callable[[bytes], bool]) -> tuple[list[bytes], bytes | None]:
    """The lines before one that ends them, and that one; None where there is none."""
    read: list[bytes] = []
    for line in lines:
        if ends(line):
            return read, line
        read.append(line)
    return read, None


COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
MARK = re.compile(r"-----(BEGIN|END) ([A-Z0-9][A-Z0-9 .#]*)-----")


@lru_cache(maxsize=4096)
def passed_over(pem: bytes, kind: Kind) -> int:
    """How many blocks of a text Envoy does not see, because they do not begin as they must.

    Raises:
        UnreadableError: it refuses the text.
    """
    marks = MARK.findall(COMMENT.sub("", pem.decode(errors="replace")))
    begun = [label for word, label in marks if word == "BEGIN" and label in kind.labels]
    return len(begun) - len([block for block in found(pem, kind) if block.label in kind.labels])


def first_value(der: bytes) -> bytes:
    """The value with which DER begins; nothing where it is none, or is cut short."""
    if len(der) < 2 or der[0] != 0x30:
        return b""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[: start + length] if length and len(der) >= start + length else b""
