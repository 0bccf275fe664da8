"""TLS that passes through the gateway untouched and ends in nginx."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NotRequired

import pulumi

from .arguments.additions import GatewayArgs
from .arguments.expectations import Expectation
from .arguments.expectations import complaints as expectation_complaints
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.scopes import scope_complaints
from .certificate_authority import issuer_for
from .component import ALL_DEFAULTS, Component
from .manifests import expectations, istio, nginx
from .manifests.credentials import credential
from .names import fit, object_name
from .pki import given_certificates
from .pki.issuing import (
    RENEW_BEFORE_DAYS,
    SERVER,
    VALIDITY_DAYS,
    CertificateTemplate,
    Issuer,
    Subject,
    bundle,
    common_name,
    issue,
    time_complaints,
)
from .pki.keys import KeyAlgorithm
from .pki.renewal import announce
from .preview import review
from .refusal import Complaint

_DEFAULT_HOSTS = ("nginx.example.com",)


class PassthroughNginxArgs(GatewayArgs):
    """What nginx serves, with which certificate. By default nginx.example.com, certified by the component's own CA."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where all of it stands. Default: the provider's namespace, or `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that pass it through. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway and the VirtualService, a DNS label. Default: `<component>-passthrough`."""

    virtual_service_name: NotRequired[str]
    """Name of the VirtualService. Default: as the Gateway's."""

    port_name: NotRequired[pulumi.Input[str]]
    """Name of the server's port. Default: `https-` and the component's name."""

    hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """Names that clients send (SNI), and that the certificate is for: DNS names, or `*.` and one. Default:
    `nginx.example.com`."""

    authority: NotRequired[pulumi.Input[Issuer]]
    """Who signs the certificate. Default: an authority of the component's own."""

    existing_certificate: NotRequired[pulumi.Input[str]]
    """Name of a Secret with `tls.key` and `tls.crt` in `namespace` that somebody else keeps; nothing is issued then,
    and nginx does not restart when it changes."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: the first host, where it is that short."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: `some organization`."""

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: nothing."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """The kind of its key. Default: EC P-256."""

    validity_days: NotRequired[int]
    """How many days it is valid. Default: 365."""

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

    expect: NotRequired[Sequence[Expectation]]
    """What must answer to which requests, of the first of the hosts where nothing else is said: proven in the preview,
    asked afterwards. Default: nothing is expected."""


_KINDS = ("ConfigMap", "Deployment", "Gateway", "Secret", "Service", "VirtualService")


class PassthroughNginx(Component, takes=PassthroughNginxArgs, makes=_KINDS):
    """nginx with a certificate of its own, reached by name through the gateway, and directly inside the mesh."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM; empty where the certificate is somebody else's."""

    service: pulumi.Output[str]
    """The Service inside the mesh, port 443."""

    def __init__(
        self, name: str, args: PassthroughNginxArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare nginx and the way to it.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: PassthroughNginxArgs) -> Iterator[Complaint]:
        return _complaints(args)

    def _declare(self, name: str, args: PassthroughNginxArgs) -> None:
        hosts = args.get("hosts", _DEFAULT_HOSTS)
        issuer = None
        if "existing_certificate" not in args:
            longest = args.get("validity_days", VALIDITY_DAYS)
            issuer = issuer_for(self, name, args.get("authority"), f"{name}-ca", longest)
        service = _deploy(self, name, args, hosts, issuer)
        _serve(self, name, args, hosts, service)
        self.hosts = pulumi.Output.all(*hosts)
        self.ca_certificate = bundle(issuer) if issuer else pulumi.Output.from_input("")
        self.service = pulumi.Output.from_input(service)


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
        pair = issue(name, _template(args, hosts), issuer, component)
        announce(name, [pair.renewal], component)
        secret = credential(f"{name}-server-certs", pair, parent=component, namespace=namespace)
        files = replace(files, secret=secret, certificate=pair.certificate)
    return nginx.deploy(
        name,
        args.get("service_name", fit(object_name(name))),
        files,
        parent=component,
        namespace=namespace,
        image=args.get("image", nginx.IMAGE),
        container_port=args.get("container_port", nginx.CONTAINER_PORT),
        replicas=args.get("replicas", 1),
    )


def _template(args: PassthroughNginxArgs, hosts: Sequence[pulumi.Input[str]]) -> CertificateTemplate:
    return CertificateTemplate(
        uses=SERVER,
        common_name=args.get("common_name", common_name(hosts[0])),
        organization=args.get("organization", "some organization"),
        subject=args.get("subject", {}),
        sans=hosts,
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
    pods = GatewayPods.of(args.get("gateway"))
    if pods.is_placed:
        review.gateway_pods(pods.selector, pods.namespace)
    own = object_name(name)
    gateway_name = args.get("gateway_name", fit(own, "passthrough"))
    istio.gateway(
        f"{name}-gateway",
        gateway_name,
        [istio.tls_server(own, hosts, pods.https_port, istio.PASSTHROUGH, port_name=args.get("port_name"))],
        parent=component,
        namespace=namespace,
        selector=pods.selector,
        bind=args.get("bind"),
    )
    istio.virtual_service(
        f"{name}-routes",
        args.get("virtual_service_name", gateway_name),
        istio.passthrough_routes(
            hosts, [gateway_name], pods.https_port, {"service": service, "port": nginx.SERVICE_PORT}
        ),
        parent=component,
        namespace=namespace,
        expect=expectations.plain(args.get("expect", ())),
        export_to=args.get("export_to"),
    )


_ISSUING = frozenset({"authority", "common_name", "key_algorithm", "leaf_generation", "organization"}) | frozenset(
    {"renew_before_days", "subject", "validity_days"}
)


def _complaints(args: PassthroughNginxArgs) -> Iterator[Complaint]:
    yield from expectation_complaints(args)
    for index, host in enumerate(args.get("hosts", ())):
        yield from scope_complaints(f"hosts[{index}]", [host], "the certificate is for it as well")
    if "*" in args.get("hosts", ()):
        yield Complaint("hosts", "*", "names that a client can send and a certificate can hold, so not '*'")
    if "existing_certificate" in args:
        for field in sorted(_ISSUING & args.keys()):
            yield Complaint(field, "given", "left out where an existing_certificate is given")
    validity = args.get("validity_days", VALIDITY_DAYS)
    if "authority" in args:
        for complaint in given_certificates.issuer_complaints(args["authority"], validity):
            yield complaint.under("authority")
    yield from time_complaints(args.get("authority"), validity, args.get("renew_before_days", RENEW_BEFORE_DAYS))
