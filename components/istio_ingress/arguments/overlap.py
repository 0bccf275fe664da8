"""Host names of which one covers another in a certificate."""

from collections.abc import Iterable
from typing import NamedTuple

from ..rules.hosts import names_for


class Overlap(NamedTuple):
    """Two names of which the first covers the second."""

    wider: str
    narrower: str


def overlap(groups: Iterable[Iterable[str]]) -> Overlap | None:
    """The first two names of different groups of which one covers the other in a certificate, if there are any.

    On one port they are a trap: clients reuse an HTTP/2 connection for every name that its certificate covers, and the
    connection's own server has no route for the other one (404), or the wrong one.
    """
    group_of: dict[str, int] = {}
    for group, names in enumerate(groups):
        for name in names:
            if group_of.setdefault(name, group) != group:
                return Overlap(name, name)
    for name, group in group_of.items():
        for wider in names_for(name):
            if group_of.get(wider, group) != group:
                return Overlap(wider, name)
    return None
