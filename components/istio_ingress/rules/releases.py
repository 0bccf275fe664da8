"""Istio's releases, and the fields that only the newer ones know. docs/versions.md says why these."""

from __future__ import annotations

import re
from typing import NamedTuple

Release = tuple[int, int]

OLDEST: Release = (1, 22)
NEWEST: Release = (1, 31)


class Field(NamedTuple):
    """A field of a Gateway's `tls`, and what a release before it does with it."""

    name: str
    since: Release
    before: str
    instead: str


TLS_FIELDS = (
    Field(
        "credentialNames",
        (1, 27),
        "takes no certificate from it, and every handshake fails",
        "Name one credential as credentialName",
    ),
    Field(
        "caCertCredentialName",
        (1, 28),
        "does not know it, and no client certificate is accepted",
        "Put the CA into the credential, or into a Secret of its name with -cacert behind it",
    ),
)


def release(text: str) -> Release:
    """The release that a text such as `1.29` or `1.29.3` means.

    Raises:
        ValueError: it is none, or one that the rules do not know.
    """
    found = re.fullmatch(r"v?(\d+)\.(\d+)(?:\.\d+)?(?:[-+].*)?", text.strip())
    if found is None:
        raise ValueError(f"istio_version is {text!r}; it must be a release, such as '{shown(NEWEST)}'")
    asked = int(found[1]), int(found[2])
    if not OLDEST <= asked <= NEWEST:
        known = f"{shown(OLDEST)} to {shown(NEWEST)}"
        raise ValueError(f"istio_version is {text!r}; it must be one that the rules know: {known}")
    return asked


def shown(asked: Release) -> str:
    """As people write it."""
    return f"{asked[0]}.{asked[1]}"
