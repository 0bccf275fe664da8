"""TCP into the mesh: ports of the gateway to Services, with TLS that ends at the gateway where that is wanted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired

import pulumi

from .arguments.additions import GatewayArgs
from .arguments.connections import TcpPort, TcpTls, backend_complaints, backends_of
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.schema import known
from .arguments.scopes import scope_complaints
from .certificate_authority import issuer_for
from .component import ALL_DEFAULTS, Component, by_name
from .manifests import expectations, istio
from .manifests.credentials import credential
from .names import fit, object_name
from .pki import given_certificates
from .pki.issuing import (
    RENEW_BEFORE_DAYS,
    SERVER,
    VALIDITY_DAYS,
    CertificateTemplate,
    KeyPair,
    bundle,
    common_name,
    issue,
    time_complaints,
)
from .pki.renewal import announce
from .preview import review
from .refusal import Complaint

_ANY = "./*"  # every name, for VirtualServices of the Gateway's own namespace
_ISSUING = ("authority", "leaf_generation", "organization", "renew_before_days", "subject", "validity_days")


class TcpGatewayArgs(GatewayArgs):
    """Which ports' connections go where."""

    ports: Sequence[TcpPort]
    """The ports."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the Gateway and the routes stand. Default: `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that serve it, and the namespace for credentials. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway, and beginning of the VirtualServices' names, a DNS label. Default: `<component>-tcp`."""


class TcpGateway(Component, takes=TcpGatewayArgs, makes=("Gateway", "Secret", "VirtualService")):
    """A Gateway on ports of its own, with a VirtualService for each."""

    ca_certificates: pulumi.Output[dict[str, str]]
    """What clients must trust, PEM, by the names of the ports for which a certificate was issued."""

    def __init__(
        self, name: str, args: TcpGatewayArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _pem_fields(args: TcpGatewayArgs) -> Iterator[str]:
        for index, port in enumerate(args["ports"]):
            tls = port.get("tls", {})
            authority = tls.get("authority")
            is_text = isinstance(authority, Mapping) and isinstance(authority["certificate"], str)
            if "given_certificate" in tls or is_text:
                yield f"ports[{index}].tls"

    @staticmethod
    def _complaints(name: str, args: TcpGatewayArgs) -> Iterator[Complaint]:
        for index, port in enumerate(args["ports"]):
            for complaint in _port_complaints(port):
                yield complaint.under(f"ports[{index}]")
        yield from _shared_complaints(args["ports"])

    def _declare(self, name: str, args: TcpGatewayArgs) -> None:
        namespace, pods = args.get("namespace", "default"), GatewayPods.of(args.get("gateway"))
        gateway_name = args.get("gateway_name", fit(object_name(name), "tcp"))
        review.gateway_pods(pods.selector, pods.namespace)
        trusted: dict[str, pulumi.Input[str]] = {}
        servers = []
        for index, port in enumerate(args["ports"]):
            secret = None
            if "tls" in port:
                secret, ca = _credential(self, name, f"ports[{index}].tls", _label(port), port["tls"], pods.namespace)
                trusted |= {} if ca is None else {_label(port): ca}
            servers.append(istio.tcp_server(_label(port), _hosts(port, args["ports"]), port["port"], secret))
        istio.gateway(
            f"{name}-gateway",
            gateway_name,
            servers,
            parent=self,
            namespace=namespace,
            selector=pods.selector,
            bind=args.get("bind"),
        )
        for port in args["ports"]:
            hosts = ["*" if host == _ANY else host for host in _hosts(port, args["ports"])]
            istio.virtual_service(
                f"{name}-{_label(port)}-routes",
                port.get("virtual_service_name", fit(gateway_name, _label(port))),
                istio.port_routes(hosts, [gateway_name], port["port"], backends_of(port)),
                parent=self,
                namespace=namespace,
                expect=expectations.plain(port.get("expect", ())),
                export_to=args.get("export_to"),
            )
        self.ca_certificates = by_name(trusted)


def _label(port: TcpPort) -> str:
    if "name" in port:
        return port["name"]
    return f"tcp-{port['port']}" if known(port["port"]) else ""


def _hosts(port: TcpPort, ports: Sequence[TcpPort]) -> Sequence[pulumi.Input[str]]:
    """The names that a server serves; all where nothing else on its port has to be told apart."""
    alone = [one["port"] for one in ports].count(port["port"]) == 1
    return [_ANY] if alone or "tls" not in port else port["tls"]["hosts"]


def _credential(
    component: Component, name: str, path: str, label: str, tls: TcpTls, namespace: pulumi.Input[str]
) -> tuple[pulumi.Input[str], pulumi.Output[str] | None]:
    """The name of the Secret that a port is served from, and what its clients must trust where that is ours."""
    if "existing_credential" in tls:
        return tls["existing_credential"], None
    own, ca = f"{name}-{label}", None
    if "given_certificate" in tls:
        given = tls["given_certificate"]
        field = f"{path}.given_certificate"
        pair = given_certificates.checked_leaf(component._kind, name, field, given, tls["hosts"])
    else:
        pair, ca = _issued(component, own, tls)
    return credential(f"{own}-tls", pair, parent=component, namespace=namespace), ca


def _issued(component: Component, own: str, tls: TcpTls) -> tuple[KeyPair, pulumi.Output[str]]:
    validity = tls.get("validity_days", VALIDITY_DAYS)
    issuer = issuer_for(component, own, tls.get("authority"), f"{own}-ca", validity)
    template = CertificateTemplate(
        uses=SERVER,
        common_name=common_name(tls["hosts"][0]),
        organization=tls.get("organization"),
        subject=tls.get("subject", {}),
        sans=tls["hosts"],
        validity_days=validity,
        renew_before_days=tls.get("renew_before_days", RENEW_BEFORE_DAYS),
        generation=str(tls.get("leaf_generation", 1)),
    )
    pair = issue(own, template, issuer, component)
    announce(own, [pair.renewal], component)
    return pair, bundle(issuer)


def _port_complaints(port: TcpPort) -> Iterator[Complaint]:
    yield from backend_complaints(port)
    if not _label(port):
        yield Complaint("name", None, "given where the port only becomes known during the update")
    if "tls" in port:
        for complaint in _tls_complaints(port["tls"]):
            yield complaint.under("tls")


def _tls_complaints(tls: TcpTls) -> Iterator[Complaint]:
    yield from scope_complaints("hosts", tls["hosts"], "a certificate knows no namespaces")
    if "*" in tls["hosts"]:
        yield Complaint("hosts", "*", "names that a certificate can hold, so not '*'")
    for own in ("existing_credential", "given_certificate"):
        for field in (*_ISSUING, "given_certificate"):
            if own in tls and own != field and field in tls:
                yield Complaint(field, "given", f"left out where {own} is given")
    if "given_certificate" in tls:
        for complaint in given_certificates.leaf_complaints(tls["given_certificate"], tls["hosts"]):
            yield complaint.under("given_certificate")
    validity = tls.get("validity_days", VALIDITY_DAYS)
    if "authority" in tls:
        for complaint in given_certificates.issuer_complaints(tls["authority"], validity):
            yield complaint.under("authority")
    yield from time_complaints(tls.get("authority"), validity, tls.get("renew_before_days", RENEW_BEFORE_DAYS))


def _shared_complaints(ports: Sequence[TcpPort]) -> Iterator[Complaint]:
    labels = Counter(_label(port) for port in ports)
    for index, port in enumerate(ports):
        if labels[_label(port)] > 1:
            yield Complaint(f"ports[{index}].name", _label(port), "a name that no other port has")
        shared = [one for one in ports if one["port"] == port["port"]]
        if len(shared) > 1 and "tls" not in port:
            yield Complaint(f"ports[{index}].port", port["port"], "a port of its own where it has no tls")
