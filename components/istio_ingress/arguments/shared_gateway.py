"""A Gateway as its stack hands it to the stacks that put hosts on it: one output there, one argument here."""

from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict, cast

import pulumi

from ..pki.issuing import Issuer, bundle
from ..refusal import Complaint
from ..rules.hosts import admits, narrower, split_scope


class SharedGateway(TypedDict):
    """A Gateway that other stacks put their hosts on: the output `shared` of a gateway component."""

    name: pulumi.Input[str]
    """`namespace/name`, as VirtualServices write it."""

    hosts: pulumi.Input[Sequence[pulumi.Input[str]]]
    """The names that it admits: a DNS name, `*.` and a DNS name, or `*`; behind `namespace/` only for routes that stand
    there, behind `./` for those in the Gateway's own namespace."""

    http_port: NotRequired[pulumi.Input[int]]
    """Port of its Service where the hosts answer plain HTTP. Default: they do not."""

    https_port: NotRequired[pulumi.Input[int]]
    """Port of its Service where they answer over TLS. Default: they do not."""

    ca_certificate: NotRequired[pulumi.Input[str]]
    """What clients must trust, PEM. Default: nothing is told."""


def shared(
    namespace: pulumi.Input[str],
    name: str,
    hosts: Sequence[pulumi.Input[str]],
    *,
    http_port: pulumi.Input[int] | None = None,
    https_port: pulumi.Input[int] | None = None,
    issuer: Issuer | None = None,
) -> pulumi.Output[SharedGateway]:
    """A Gateway, as it is handed on."""
    told = {
        "name": pulumi.Output.concat(namespace, "/", name),
        "hosts": list(hosts),
        "http_port": http_port,
        "https_port": https_port,
        "ca_certificate": None if issuer is None else bundle(issuer),
    }
    given = {field: value for field, value in told.items() if value is not None}
    return cast("pulumi.Output[SharedGateway]", pulumi.Output.from_input(given))


def not_admitted(gateway: SharedGateway, names: Sequence[str], namespace: str) -> Iterator[tuple[int, Complaint]]:
    """The names, by their position, that a Gateway whose fields are known does not admit.

    Args:
        gateway: the Gateway.
        names: hosts of VirtualServices.
        namespace: where those stand.
    """
    own = str(gateway["name"]).partition("/")[0]
    hosts = cast(Sequence[str], gateway["hosts"])
    open_ones = [host for scope, host in (split_scope(host, own) for host in hosts) if admits(scope, namespace)]
    for position, name in enumerate(names):
        if not any(narrower(host, name) for host in open_ones):
            wanted = f"a name that the Gateway {gateway['name']} admits for routes in {namespace}"
            yield position, Complaint("host", name, f"{wanted}: {', '.join(open_ones) or 'there is none'}")
