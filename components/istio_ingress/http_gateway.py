"""Plain HTTP into the mesh: hosts on one Gateway, each with its own routes."""

from collections.abc import Iterator, Sequence
from typing import NotRequired

import pulumi

from .arguments import routed_hosts
from .arguments.additions import GatewayArgs
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.routed_hosts import RoutedHost
from .arguments.shared_gateway import SharedGateway, shared
from .component import ALL_DEFAULTS, Component
from .manifests import expectations, istio
from .names import fit, object_name
from .preview import review
from .refusal import Complaint
from .rules.routing import MESH


class HttpGatewayArgs(GatewayArgs):
    """What is reachable over plain HTTP."""

    hosts: Sequence[RoutedHost]
    """The hosts."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the Gateway and the routes stand. Default: `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that serve it. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway, and beginning of the VirtualServices' names, a DNS label. Default: `<component>-http`."""

    port_name: NotRequired[pulumi.Input[str]]
    """Name of the server's port. Default: `http`."""


class HttpGateway(Component, takes=HttpGatewayArgs, makes=("Gateway", "VirtualService")):
    """A Gateway on the HTTP port, with a VirtualService for each host."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    shared: pulumi.Output[SharedGateway]
    """The Gateway as `HostRoutes` takes it, in this stack or another."""

    def __init__(
        self, name: str, args: HttpGatewayArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: HttpGatewayArgs) -> Iterator[Complaint]:
        return routed_hosts.complaints(args["hosts"])

    def _declare(self, name: str, args: HttpGatewayArgs) -> None:
        namespace, pods = args.get("namespace", "default"), GatewayPods.of(args.get("gateway"))
        if pods.is_placed:
            review.gateway_pods(pods.selector, pods.namespace)
        gateway_name = args.get("gateway_name", fit(object_name(name), "http"))
        hosts = routed_hosts.resolve(args["hosts"])
        admitted = [one for host in hosts for one in host.admitted]
        istio.gateway(
            f"{name}-gateway",
            gateway_name,
            [istio.http_server(admitted, pods.http_port, port_name=args.get("port_name", "http"))],
            parent=self,
            namespace=namespace,
            selector=pods.selector,
            bind=args.get("bind"),
        )
        for host in hosts:
            spec = istio.http_routes(host, [gateway_name, *[MESH] * host.in_mesh], host.backend)
            istio.virtual_service(
                f"{name}-{host.label}-routes",
                host.virtual_service_name or fit(gateway_name, host.label),
                spec,
                parent=self,
                namespace=namespace,
                export_to=args.get("export_to"),
                expect=expectations.http(host.expect, host.routes, spec),
            )
        self.hosts = pulumi.Output.all(*(one for host in hosts for one in host.names))
        self.shared = shared(namespace, gateway_name, admitted, http_port=pods.http_port)
