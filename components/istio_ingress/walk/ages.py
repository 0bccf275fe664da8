"""The order in which Istio takes objects of a kind: the oldest first, then by name, then by namespace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import known

R = TypeVar("R", bound=Resource)


def created(resource: Resource) -> str:
    """When it was created, in RFC 3339, which sorts by time; empty where nothing says it."""
    return known(_created, resource) or ""


def _created(resource: Resource) -> str:
    return resource.metadata.text("creationTimestamp")


def in_order(resources: Iterable[R]) -> list[R]:
    """As Istio's push context sorts them; those without an age stay together, after the others."""

    def rank(resource: R) -> tuple[bool, str, str, str]:
        namespace, name = resource.labelled()
        return not created(resource), created(resource), name, namespace

    return sorted(resources, key=rank)


def is_known(*resources: Resource) -> bool:
    """Whether it is certain which of these is older."""
    return len({id(one) for one in resources}) < 2 or all(created(one) for one in resources)
