"""TLS that passes through the gateway untouched and ends in the Services behind it."""

from collections.abc import Iterator, Sequence
from typing import NotRequired

import pulumi

from .arguments.additions import GatewayArgs
from .arguments.connections import PassthroughHost, backend_complaints, backends_of
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.routed_hosts import hosts_of, label, names_of, repeated
from .component import ALL_DEFAULTS, Component
from .manifests import expectations, istio
from .names import fit, object_name
from .preview import review
from .refusal import Complaint


class TlsPassthroughArgs(GatewayArgs):
    """Which names' connections go where, still encrypted."""

    hosts: Sequence[PassthroughHost]
    """The names, by which alone connections are told apart: a client must send one (SNI)."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the Gateway and the routes stand. Default: `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that pass it through. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway, and beginning of the VirtualServices' names, a DNS label. Default:
    `<component>-passthrough`."""

    port_name: NotRequired[pulumi.Input[str]]
    """Name of the server's port. Default: `https-` and the component's name."""


class TlsPassthrough(Component, takes=TlsPassthroughArgs, makes=("Gateway", "VirtualService")):
    """A Gateway on the TLS port that decrypts nothing, with a VirtualService for each host."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    def __init__(
        self, name: str, args: TlsPassthroughArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: TlsPassthroughArgs) -> Iterator[Complaint]:
        yield from repeated(args["hosts"])
        for index, host in enumerate(args["hosts"]):
            for complaint in backend_complaints(host):
                yield complaint.under(f"hosts[{index}]")
            if "*" in names_of(host):
                yield Complaint(f"hosts[{index}].host", "*", "a name that a client can send, so not '*'")

    def _declare(self, name: str, args: TlsPassthroughArgs) -> None:
        namespace, pods = args.get("namespace", "default"), GatewayPods.of(args.get("gateway"))
        if pods.is_placed:
            review.gateway_pods(pods.selector, pods.namespace)
        own = object_name(name)
        gateway_name = args.get("gateway_name", fit(own, "passthrough"))
        admitted = [one for host in args["hosts"] for one in hosts_of(host)]
        istio.gateway(
            f"{name}-gateway",
            gateway_name,
            [istio.tls_server(own, admitted, pods.https_port, istio.PASSTHROUGH, port_name=args.get("port_name"))],
            parent=self,
            namespace=namespace,
            selector=pods.selector,
            bind=args.get("bind"),
        )
        for host in args["hosts"]:
            istio.virtual_service(
                f"{name}-{label(host)}-routes",
                host.get("virtual_service_name", fit(gateway_name, label(host))),
                istio.sni_routes(names_of(host), [gateway_name], pods.https_port, backends_of(host)),
                parent=self,
                namespace=namespace,
                expect=expectations.plain(host.get("expect", ())),
                export_to=args.get("export_to"),
            )
        self.hosts = pulumi.Output.all(*(one for host in args["hosts"] for one in names_of(host)))
