"""Hosts as a Gateway has them: a name, or `namespace/name` where only that namespace's routes may answer for it."""

from collections.abc import Iterator, Sequence

import pulumi

from ..refusal import Complaint
from .inputs import computed
from .schema import known


def name_of(host: pulumi.Input[str]) -> pulumi.Input[str]:
    """A host's name without its scope."""
    return computed(lambda told: told.rpartition("/")[2], host)


def scoped_as(host: pulumi.Input[str], name: pulumi.Input[str]) -> pulumi.Input[str]:
    """Another name in the scope of a host."""
    return computed(lambda told, other: f"{told.rpartition('/')[0]}/{other}" if "/" in told else other, host, name)


def scope_complaints(field: str, hosts: Sequence[pulumi.Input[str]], why: str) -> Iterator[Complaint]:
    """Hosts with a scope where no Gateway of the component's own could have it."""
    for host in hosts:
        if known(host) and "/" in str(host):
            yield Complaint(field, host, f"a name without a namespace: {why}")
