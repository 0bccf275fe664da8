"""TLS that passes through the gateway untouched and ends in nginx."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NotRequired, TypedDict

import pulumi

from . import arguments, given, istio, nginx, pem, tls_arguments
from .arguments import Complaint
from .credentials import credential
from .hosts import fit
from .istio import IngressGateway
from .leaves import (
    RENEW_BEFORE_DAYS,
    SERVER,
    VALIDITY_DAYS,
    Issuer,
    KeyAlgorithm,
    Leaf,
    bundle,
    common_name,
    issue,
)
from .pki import CertificateAuthority
from .renewal import announce

_NAME = "PassthroughNginx"
_DEFAULT_HOSTS = ("nginx.example.com",)


class PassthroughNginxArgs(TypedDict):
    """What nginx serves, with which certificate. By default nginx.example.com, certified by the component's own CA."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where all of it stands. Default: `default`."""

    gateway: NotRequired[IngressGateway]
    """The pods that pass it through. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway and the VirtualService, a DNS label. Default: `<component>-passthrough`."""

    hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """Names that clients send (SNI), and that the certificate is for: DNS names, or `*.` and one. Default:
    `nginx.example.com`."""

    authority: NotRequired[Issuer]
    """Who signs the certificate. Default: an authority of the component's own."""

    existing_certificate: NotRequired[pulumi.Input[str]]
    """Name of a Secret with `tls.key` and `tls.crt` in `namespace` that somebody else keeps; nothing is issued then,
    and nginx does not restart when it changes."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: the first host, where it is that short."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: `some organization`."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """Default: EC P-256."""

    validity_days: NotRequired[int]
    """Default: 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, nginx gets a new key and certificate. Default: 1."""

    nginx_conf: NotRequired[pulumi.Input[str]]
    """The whole nginx.conf. It finds the certificate in /etc/nginx-server-certs (`tls.crt`, `tls.key`), can write only
    to /tmp, and must listen on `container_port`. Default: answers every path with `Welcome to nginx!`."""

    container_port: NotRequired[int]
    """Where nginx listens; below 1024 it may not, without root. Default: 8443."""

    service_name: NotRequired[str]
    """Name of the Deployment and the Service (port 443), a DNS label. Default: the component's name."""

    image: NotRequired[pulumi.Input[str]]
    """An nginx that runs without root. Default: nginx's own public one."""

    replicas: NotRequired[pulumi.Input[int]]
    """Number of pods. Default: 1."""


class PassthroughNginx(pulumi.ComponentResource):
    """nginx with a certificate of its own, reached by name through the gateway, and directly inside the mesh."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM; empty where the certificate is somebody else's."""

    service: pulumi.Output[str]
    """The Service inside the mesh, port 443."""

    def __init__(self, name: str, args: PassthroughNginxArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare nginx and the way to it.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        _check(name, args)
        super().__init__("istio-ingress:index:PassthroughNginx", name, {}, opts)
        hosts = args.get("hosts", _DEFAULT_HOSTS)
        issuer = _authority(self, name, args)
        service = _deploy(self, name, args, hosts, issuer)
        _serve(self, name, args, hosts, service)
        self.hosts = pulumi.Output.all(*hosts)
        self.ca_certificate = bundle(issuer) if issuer else pulumi.Output.from_input("")
        self.service = pulumi.Output.from_input(service)
        self.register_outputs({"hosts": self.hosts, "ca_certificate": self.ca_certificate, "service": self.service})


def _authority(component: pulumi.Resource, name: str, args: PassthroughNginxArgs) -> Issuer | None:
    if "existing_certificate" in args:
        return None
    if "authority" in args:
        return given.issuer(_NAME, name, "authority", args["authority"])
    longest = args.get("validity_days", VALIDITY_DAYS)
    opts = pulumi.ResourceOptions(parent=component)
    return CertificateAuthority(f"{name}-ca", {"max_leaf_days": longest}, opts).issuer


def _deploy(
    component: pulumi.Resource,
    name: str,
    args: PassthroughNginxArgs,
    hosts: Sequence[pulumi.Input[str]],
    issuer: Issuer | None,
) -> str:
    """Deploy nginx with its files, and give the Service's name."""
    namespace = args.get("namespace", "default")
    files = nginx.Files(
        conf=args.get("nginx_conf", nginx.conf(hosts, args.get("container_port", nginx.CONTAINER_PORT))),
        secret=args.get("existing_certificate", ""),
    )
    if issuer:
        made = issue(name, _leaf(args, hosts), issuer, component)
        announce(name, [made], component)
        secret = credential(f"{name}-server-certs", made, parent=component, namespace=namespace)
        files = replace(files, secret=secret, certificate=made.certificate)
    return nginx.deploy(
        name,
        args.get("service_name", name),
        files,
        parent=component,
        namespace=namespace,
        image=args.get("image", nginx.IMAGE),
        container_port=args.get("container_port", nginx.CONTAINER_PORT),
        replicas=args.get("replicas", 1),
    )


def _leaf(args: PassthroughNginxArgs, hosts: Sequence[pulumi.Input[str]]) -> Leaf:
    return Leaf(
        uses=SERVER,
        common_name=args.get("common_name", common_name(hosts[0])),
        organization=args.get("organization", "some organization"),
        dns_names=hosts,
        key_algorithm=KeyAlgorithm(args.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity_days=args.get("validity_days", VALIDITY_DAYS),
        renew_before_days=args.get("renew_before_days", RENEW_BEFORE_DAYS),
        generation=str(args.get("leaf_generation", 1)),
    )


def _serve(
    component: pulumi.Resource,
    name: str,
    args: PassthroughNginxArgs,
    hosts: Sequence[pulumi.Input[str]],
    service: str,
) -> None:
    namespace = args.get("namespace", "default")
    target = istio.Target(**args.get("gateway", {}))
    gateway_name = args.get("gateway_name", fit(name, "passthrough"))
    istio.gateway(
        f"{name}-gateway",
        gateway_name,
        [istio.tls_server(name, hosts, target.https_port, istio.PASSTHROUGH)],
        parent=component,
        namespace=namespace,
        selector=target.selector,
    )
    istio.virtual_service(
        f"{name}-routes",
        gateway_name,
        istio.passthrough_routes(
            hosts, [gateway_name], target.https_port, {"service": service, "port": nginx.SERVICE_PORT}
        ),
        parent=component,
        namespace=namespace,
    )


_ISSUING = frozenset({"authority", "common_name", "key_algorithm", "leaf_generation", "organization"}) | frozenset(
    {"renew_before_days", "validity_days"}
)


def _check(name: str, args: PassthroughNginxArgs) -> None:
    arguments.check(_NAME, name, args, PassthroughNginxArgs)
    if isinstance(args.get("authority", {}).get("certificate"), str):
        pem.demand_reader(_NAME, name, "authority.certificate")
    arguments.refuse_first(_NAME, name, _complaints(args))


def _complaints(args: PassthroughNginxArgs) -> Iterator[Complaint]:
    if "*" in args.get("hosts", ()):
        yield Complaint("hosts", "*", "names that a client can send and a certificate can hold, so not '*'")
    if "existing_certificate" in args:
        for field in sorted(_ISSUING & args.keys()):
            yield Complaint(field, "given", "left out where an existing_certificate is given")
    if "authority" in args:
        for complaint in given.issuer_complaints(args["authority"], args.get("validity_days", VALIDITY_DAYS)):
            yield complaint.under("authority")
    yield from tls_arguments.time_complaints(
        args.get("authority"),
        args.get("validity_days", VALIDITY_DAYS),
        args.get("renew_before_days", RENEW_BEFORE_DAYS),
    )
