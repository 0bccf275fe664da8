"""How a Service is spoken to, told once: a DestinationRule, and the Secret that its TLS needs."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import NotRequired

import pulumi

from .arguments.additions import ObjectArgs
from .arguments.backend_complaints import policy_complaints
from .arguments.backend_policies import BackendPolicy, BackendTls, PortPolicy, ProxyProtocol, Subset
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.inputs import computed
from .arguments.route_values import ROUTE_VALUES
from .arguments.routes import Backend
from .component import ALL_DEFAULTS, Component
from .manifests import destination_rules
from .manifests.credentials import backend_credential
from .manifests.objects import Manifest
from .names import fit, object_name
from .pki.given_certificates import BUNDLE, CHAIN, KEY, Text
from .pki.issuing import KeyPair
from .refusal import Complaint
from .rules.defaults import CLUSTER_DOMAIN
from .rules.hosts import completed


class BackendScope(Enum):
    """Who follows what is said of a backend."""

    GATEWAY = "gateway"
    """The gateway's pods only. The DestinationRule stands in their namespace, and for them hides all others for the
    Service."""

    MESH = "mesh"
    """Every pod of the mesh, sidecars too, unless its own namespace says otherwise. It stands in the Service's."""


class ServiceBackendArgs(BackendPolicy, ObjectArgs):
    """A Service, and how it is spoken to. At least one thing must be said of it."""

    service: pulumi.Input[str]
    """The Service's name, alone or `name.namespace.svc.cluster.local`."""

    port: pulumi.Input[int]
    """The port to which `backend` leads."""

    namespace: NotRequired[pulumi.Input[str]]
    """The Service's namespace. Default: `default`, or the one in its name."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that speak to it. Default: those of `istioctl install`."""

    scope: NotRequired[BackendScope]
    """Who follows it. Default: the gateway's pods only."""

    ports: NotRequired[Sequence[PortPolicy]]
    """Ports of the Service that are spoken to otherwise; nothing that is said beside this holds for them."""

    proxy_protocol: NotRequired[ProxyProtocol]
    """Every connection, whichever port, begins with the client's address in this version of the PROXY protocol.
    Default: none."""

    subsets: NotRequired[Mapping[str, Subset]]
    """Some of its pods, by a name that routes can have for `subset`."""

    destination_rule_name: NotRequired[str]
    """Name of the DestinationRule. Default: the component's name."""


_SAID = ("proxy_protocol", "ports", "subsets", *BackendPolicy.__annotations__)


class ServiceBackend(Component, takes=ServiceBackendArgs, makes=("DestinationRule", "Secret")):
    """A DestinationRule for one Service: protocol, TLS, load balancing, limits, outliers, subsets."""

    service: pulumi.Output[str]
    """The Service's full name."""

    port: pulumi.Output[int]
    """Its port."""

    def __init__(
        self, name: str, args: ServiceBackendArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the DestinationRule.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @property
    def backend(self) -> Backend:
        """What a route, a host or a gateway takes as its backend."""
        return {"service": self._host, "port": self._port}

    @staticmethod
    def _complaints(name: str, args: ServiceBackendArgs) -> Iterator[Complaint]:
        return _complaints(args)

    def _declare(self, name: str, args: ServiceBackendArgs) -> None:
        self._host, self._port = _full_name(args), args["port"]
        pods = GatewayPods.of(args.get("gateway"))
        spec: Manifest = {"host": self._host}
        namespace = pods.namespace
        if _scope(args) is BackendScope.GATEWAY:
            spec |= {"exportTo": ["."], "workloadSelector": {"matchLabels": pods.selector}}
        else:
            namespace = args.get("namespace", "default")
            pulumi.info(f'ServiceBackend "{name}": every pod of the mesh that calls the Service follows it.', self)
        policy = _traffic_policy(self, name, args, pods.namespace)
        if policy:
            spec["trafficPolicy"] = policy
        if "subsets" in args:
            spec["subsets"] = [destination_rules.subset(one, told) for one, told in args["subsets"].items()]
        rule_name = args.get("destination_rule_name", fit(object_name(name)))
        destination_rules.declare(f"{name}-rule", rule_name, spec, parent=self, namespace=namespace)
        self.service = pulumi.Output.from_input(self._host)
        self.port = pulumi.Output.from_input(self._port)


def _traffic_policy(
    component: pulumi.Resource, name: str, args: ServiceBackendArgs, namespace: pulumi.Input[str]
) -> Manifest:
    """The policies, with the Secrets that they need in `namespace`."""

    def secret(of: str, field: str, policy: BackendPolicy) -> pulumi.Input[str] | None:
        tls = policy.get("tls", {})
        if "existing_credential" in tls:
            return tls["existing_credential"]
        client, ca = _checked(name, f"{field}tls", tls)
        if client is None and ca is None:
            return None
        return backend_credential(f"{name}-{of}", client, ca, parent=component, namespace=namespace)

    ports = [
        (port, secret(f"backend-{index}", f"ports[{index}].", port)) for index, port in enumerate(args.get("ports", ()))
    ]
    proxy = ProxyProtocol(args["proxy_protocol"]) if "proxy_protocol" in args else None
    return destination_rules.traffic_policy(args, secret("backend", "", args), ports, proxy)


def _checked(name: str, field: str, tls: BackendTls) -> tuple[KeyPair | None, pulumi.Output[str] | None]:
    """The gateway's certificate and the backend's authorities, as Envoy wants them."""

    def read(text: Text, part: str, told: pulumi.Input[str]) -> pulumi.Output[str]:
        return text.once_known("ServiceBackend", name, f"{field}.{part}", told)

    client = None
    if "client" in tls:
        key = pulumi.Output.secret(tls["client"]["private_key"])
        client = KeyPair(
            read(KEY, "client.private_key", key),
            read(CHAIN, "client.certificate", tls["client"]["certificate"]),
        )
    ca = read(BUNDLE, "ca_certificate", tls["ca_certificate"]) if "ca_certificate" in tls else None
    return client, ca


def _full_name(args: ServiceBackendArgs) -> pulumi.Input[str]:
    """The Service's name as it is known in every namespace."""
    return computed(_completed, args["service"], args.get("namespace", "default"))


def _completed(service: str, namespace: str) -> str:
    return completed(service, namespace, CLUSTER_DOMAIN)


def _scope(args: ServiceBackendArgs) -> BackendScope:
    return BackendScope(args.get("scope", BackendScope.GATEWAY))


def _complaints(args: ServiceBackendArgs) -> Iterator[Complaint]:
    if args.keys().isdisjoint(_SAID):
        yield Complaint("protocol", None, f"given, or another of {', '.join(sorted(_SAID))}: nothing is said of it")
    local = _scope(args) is BackendScope.GATEWAY
    yield from policy_complaints(args, reads_credentials=local)
    for index, port in enumerate(args.get("ports", ())):
        if port.keys() == {"port"}:
            wanted = f"given, or another of {', '.join(sorted(BackendPolicy.__annotations__))}: nothing is said of it"
            yield Complaint(f"ports[{index}].protocol", None, wanted)
        for complaint in policy_complaints(port, reads_credentials=local):
            yield complaint.under(f"ports[{index}]")
    for name, subset in args.get("subsets", {}).items():
        if not ROUTE_VALUES["subset"].holds(name):
            yield Complaint("subsets", name, f"a mapping by names, each {ROUTE_VALUES['subset'].wanted}")
        for complaint in policy_complaints(subset, reads_credentials=local):
            yield complaint.under(f"subsets.{name}")
    if not local and "gateway" in args:
        yield Complaint("gateway", args["gateway"], "left out where scope is mesh")
