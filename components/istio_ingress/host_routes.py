"""Routes on a Gateway that somebody else keeps."""

from collections.abc import Iterator, Sequence
from typing import Any, NotRequired

import pulumi

from .arguments import routed_hosts
from .arguments.additions import ObjectArgs
from .arguments.routed_hosts import ResolvedHost, RoutedHost
from .arguments.scopes import scope_complaints
from .arguments.shared_gateway import SharedGateway, not_admitted
from .component import ALL_DEFAULTS, Component
from .manifests import expectations, istio
from .names import fit, object_name
from .refusal import Complaint, refuse
from .rules.routing import MESH


class HostRoutesArgs(ObjectArgs):
    """Which hosts' requests go where, and through whose Gateways they come."""

    gateways: NotRequired[Sequence[pulumi.Input[str]]]
    """The Gateways: `namespace/name`, or a name alone in the same namespace; `mesh` for requests inside the mesh.
    Default: the `shared_gateway` alone; one of the two is needed."""

    shared_gateway: NotRequired[pulumi.Input[SharedGateway]]
    """One more: the output `shared` of a gateway component, in this stack or another. Hosts that it does not admit are
    refused."""

    hosts: Sequence[RoutedHost]
    """The hosts, each of which the Gateways must admit."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the routes stand. Default: `default`."""

    export_to: NotRequired[Sequence[pulumi.Input[str]]]
    """The namespaces whose gateways and pods the routes reach; `.` is their own. Default: all."""


class HostRoutes(Component, takes=HostRoutesArgs, makes=("VirtualService",)):
    """A VirtualService for each host, on Gateways that are there already."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    def __init__(
        self, name: str, args: HostRoutesArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the routes.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: HostRoutesArgs) -> Iterator[Complaint]:
        gateways = args.get("gateways", ())
        if not gateways and "shared_gateway" not in args:
            yield Complaint("gateways", None, "a list, or left out beside a shared_gateway")
        yield from routed_hosts.complaints(args["hosts"])
        for index, host in enumerate(args["hosts"]):
            why = "whom a Gateway admits is its own to say"
            yield from scope_complaints(f"hosts[{index}].host", [host["host"]], why)
            for further, one in enumerate(host.get("further_hosts", ())):
                yield from scope_complaints(f"hosts[{index}].further_hosts[{further}]", [one], why)
            if MESH in gateways and "*" in routed_hosts.names_of(host):
                yield Complaint(f"hosts[{index}].host", "*", "a name where mesh is among the gateways")

    def _declare(self, name: str, args: HostRoutesArgs) -> None:
        hosts = routed_hosts.resolve(args["hosts"])
        gateways = list(args.get("gateways", ()))
        if "shared_gateway" in args:
            namespace = args.get("namespace", "default")
            gateways.insert(0, self._admitting(name, args["shared_gateway"], hosts, namespace))
        for host in hosts:
            in_mesh = host.in_mesh and MESH not in gateways
            spec = istio.http_routes(host, [*gateways, *[MESH] * in_mesh], host.backend)
            istio.virtual_service(
                f"{name}-{host.label}-routes",
                host.virtual_service_name or fit(object_name(name), host.label),
                spec,
                parent=self,
                namespace=args.get("namespace", "default"),
                export_to=args.get("export_to"),
                expect=expectations.http(host.expect, host.routes, spec),
            )
        self.hosts = pulumi.Output.all(*(one for host in hosts for one in host.names))

    def _admitting(
        self,
        name: str,
        gateway: pulumi.Input[SharedGateway],
        hosts: Sequence[ResolvedHost],
        namespace: pulumi.Input[str],
    ) -> pulumi.Output[str]:
        """The name of a Gateway, once it is known that it admits all hosts."""
        told = [(host.path, one) for host in hosts for one in host.names]

        def checked(known: Sequence[Any]) -> str:
            shared, where, *names = known
            for position, complaint in not_admitted(shared, names, where):
                refuse(self._kind, name, *complaint.under(told[position][0]))
            return str(shared["name"])

        return pulumi.Output.all(gateway, namespace, *(one for _, one in told)).apply(checked)
