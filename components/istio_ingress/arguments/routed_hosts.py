"""Hosts with routes and without certificates: what a component is told of each, and what follows from that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from ..names import fit, slug
from ..refusal import Complaint
from .expectations import Expectation
from .hosts import HttpHost
from .route_complaints import complaints as route_complaints
from .routes import EVERYTHING, Backend, Route, needs_backend
from .schema import known
from .scopes import name_of


class RoutedHost(TypedDict):
    """A host, and who answers for it."""

    host: pulumi.Input[str]
    """A DNS name, `*.` and a DNS name, or `*`. On a Gateway of the component's own `namespace/host` admits only routes
    of that namespace (`.`: the Gateway's)."""

    name: NotRequired[str]
    """What its VirtualService is called after, a DNS label; needed where `host` is an Output. Default: the host with
    dashes for dots."""

    further_hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """More names for which the same routes hold."""

    virtual_service_name: NotRequired[str]
    """Name of its VirtualService. Default: from the component's, or the Gateway's, and `name`."""

    mesh_hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """Service names for which they hold inside the mesh, such as `cart.shop.svc.cluster.local`."""

    routes: NotRequired[Sequence[Route]]
    """Which requests go where; everything else is 404. Default: all to the backend."""

    backend: NotRequired[Backend]
    """The Service behind routes that name none."""

    expect: NotRequired[Sequence[Expectation]]
    """What must answer to which requests: proven in the preview, asked afterwards. Default: nothing is expected."""


@dataclass(frozen=True, kw_only=True)
class ResolvedHost(HttpHost):
    """A `RoutedHost` with its defaults filled in."""

    path: str
    """Where it stands in the arguments, for a refusal: `hosts[0]`."""

    label: str
    """What its objects are called after; empty where it cannot be known, which is refused."""

    names: Sequence[pulumi.Input[str]]
    """The names that are served outside the mesh."""

    admitted: Sequence[pulumi.Input[str]]
    """The names as a Gateway's server has them."""

    virtual_service_name: str | None

    @property
    def in_mesh(self) -> bool:
        """Whether some of the names are of the mesh."""
        return len(self.served) > len(self.names)


def resolve(hosts: Sequence[RoutedHost]) -> list[ResolvedHost]:
    """The hosts with all that follows from their arguments, which are right by type."""
    return [
        ResolvedHost(
            path=f"hosts[{index}]",
            label=label(host),
            names=names_of(host),
            admitted=hosts_of(host),
            virtual_service_name=host.get("virtual_service_name"),
            served=[*names_of(host), *host.get("mesh_hosts", ())],
            routes=host.get("routes", EVERYTHING),
            backend=host.get("backend"),
            expect=host.get("expect", ()),
        )
        for index, host in enumerate(hosts)
    ]


def complaints(hosts: Sequence[RoutedHost]) -> Iterator[Complaint]:
    """What of hosts cannot stand together."""
    for index, host in enumerate(hosts):
        for complaint in _host_complaints(host):
            yield complaint.under(f"hosts[{index}]")
    yield from repeated(hosts)


def hosts_of(host: Mapping[str, Any]) -> list[pulumi.Input[str]]:
    """A host and its further ones, as a Gateway has them."""
    return [host["host"], *host.get("further_hosts", ())]


def names_of(host: Mapping[str, Any]) -> list[pulumi.Input[str]]:
    """The same without their scopes."""
    return [name_of(one) for one in hosts_of(host)]


def label(host: Mapping[str, Any]) -> str:
    """What a host's objects are called after; empty where it cannot be known."""
    if "name" in host:
        return str(host["name"])
    return fit(slug(str(name_of(host["host"])))) if known(host["host"]) else ""


def repeated(hosts: Sequence[Mapping[str, Any]]) -> Iterator[Complaint]:
    """Hosts that would share a name or an object, and such without a label."""
    names: dict[str, str] = {}
    labels: dict[str, str] = {}
    for index, host in enumerate(hosts):
        path = f"hosts[{index}]"
        if not label(host):
            yield Complaint(f"{path}.name", None, "given where the host only becomes known during the update")
        for name in filter(known, names_of(host)):
            if names.setdefault(str(name), path) != path:
                yield Complaint(path, name, f"a host of its own: {names[str(name)]} has it too")
        if labels.setdefault(label(host), path) != path:
            yield Complaint(f"{path}.name", label(host), f"another name than that of {labels[label(host)]}")


def _host_complaints(host: RoutedHost) -> Iterator[Complaint]:
    routes = host.get("routes", EVERYTHING)
    yield from route_complaints({**host, "routes": routes})
    if "backend" not in host and needs_backend(routes):
        yield Complaint("backend", None, "given where a route says nothing of who answers")
    if "mesh_hosts" in host and "*" in names_of(host):
        yield Complaint("host", "*", "a name where mesh_hosts are given, because Istio refuses '*' inside the mesh")
