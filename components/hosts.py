"""Host names: what is named after them, and which of them cover one another."""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple


class Overlap(NamedTuple):
    """Two names of which the first covers the second."""

    wider: str
    narrower: str


def slug(host: str) -> str:
    """The host as part of a Kubernetes name: `*.example.com` gives `any-example-com`."""
    return host.replace("*", "any").replace(".", "-")


def fit(*parts: str, longest: int = 63) -> str:
    """The parts joined by '-', cut where Kubernetes would refuse the length, with a digest so that no two cuts meet."""
    whole = "-".join(parts)
    if len(whole) <= longest:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: longest - 9].rstrip('-')}-{digest}"


def overlap(groups: Iterable[Iterable[str]]) -> Overlap | None:
    """The first two names of different groups of which one covers the other in a certificate, if there are any.

    On one port they are a trap: clients reuse an HTTP/2 connection for every name that its certificate covers, and the
    connection's own server has no route for the other one (404), or the wrong one. A wildcard stands for one label.
    """
    group_of: dict[str, int] = {}
    for group, names in enumerate(groups):
        for name in names:
            if group_of.setdefault(name, group) != group:
                return Overlap(name, name)
    for name, group in group_of.items():
        wider = f"*.{name.partition('.')[2]}"
        if group_of.get(wider, group) != group:
            return Overlap(wider, name)
    return None
