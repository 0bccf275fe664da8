"""Hosts as a Gateway has them: a name, or `namespace/name` where only that namespace's routes may answer for it."""

from collections.abc import Iterator, Sequence

import pulumi

from ..refusal import Complaint
from .schema import known


def name_of(host: pulumi.Input[str]) -> pulumi.Input[str]:
    """A host's name without its scope."""
    if isinstance(host, str):
        return host.rpartition("/")[2]
    return pulumi.Output.all(host).apply(lambda told: str(told[0]).rpartition("/")[2])


def scoped_as(host: pulumi.Input[str], name: pulumi.Input[str]) -> pulumi.Input[str]:
    """Another name in the scope of a host."""
    if isinstance(host, str) and isinstance(name, str):
        return f"{host.rpartition('/')[0]}/{name}" if "/" in host else name
    return pulumi.Output.all(host, name).apply(lambda told: str(scoped_as(*told)))


def scope_complaints(field: str, hosts: Sequence[pulumi.Input[str]], why: str) -> Iterator[Complaint]:
    """Hosts with a scope where no Gateway of the component's own could have it."""
    for host in hosts:
        if known(host) and "/" in str(host):
            yield Complaint(field, host, f"a name without a namespace: {why}")
