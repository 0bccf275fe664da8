"""HTTPS into the mesh: hosts on one Gateway, each with its own certificate, credential and routes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pulumi

from .arguments import tls
from .arguments.hosts import GatewayHost, TlsHost
from .arguments.secret_format import SecretFormat
from .arguments.servers import TlsServer
from .arguments.shared_gateway import SharedGateway, shared
from .arguments.tls import TlsGatewayArgs, TlsPlan
from .certificate_authority import issuer_for
from .component import ALL_DEFAULTS, Component, by_name
from .manifests import expectations, istio, workloads
from .manifests.credentials import ClientTrust, ca_reference, client_ca, credential, with_client_ca
from .names import fit, object_name
from .pki import given_certificates
from .pki.issuing import SERVER, CertificateTemplate, Issuer, KeyPair, bundle, issue
from .pki.keys import KeyAlgorithm
from .pki.renewal import announce
from .preview import review
from .refusal import Complaint

DEFAULT_HOSTS: Sequence[TlsHost] = ({"host": "httpbin.example.com", "organization": "httpbin organization"},)


_KINDS = ("Deployment", "Gateway", "Secret", "Service", "VirtualService")


class TlsGateway(Component, takes=TlsGatewayArgs, makes=_KINDS):
    """A Gateway that ends TLS for its hosts, with certificates of an authority given or its own."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM."""

    credentials: pulumi.Output[dict[str, str]]
    """Names of the Secrets in the gateway's namespace, by host name with dashes for dots."""

    shared: pulumi.Output[SharedGateway]
    """The Gateway as `HostRoutes` takes it, in this stack or another."""

    def __init__(
        self, name: str, args: TlsGatewayArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _pem_fields(args: TlsGatewayArgs) -> Iterator[str]:
        yield from tls.pem_fields(args)
        yield from Component._pem_fields(args)

    @staticmethod
    def _complaints(name: str, args: TlsGatewayArgs) -> Iterator[Complaint]:
        return tls.complaints(_plan(name, args))

    def _declare(self, name: str, args: TlsGatewayArgs) -> None:
        plan = _plan(name, args)
        issuer = issuer_for(self, name, plan.authority, f"{name}-ca", plan.longest_validity)
        self.credentials = serve(self, name, plan, issuer, mode="SIMPLE")
        self.hosts = pulumi.Output.all(*plan.served)
        self.ca_certificate = bundle(issuer)
        self.shared = share(plan, issuer)


def _plan(name: str, args: TlsGatewayArgs) -> TlsPlan:
    return tls.resolve_plan(args, DEFAULT_HOSTS, default_name=fit(object_name(name), "tls"))


def serve(
    component: Component,
    name: str,
    plan: TlsPlan,
    issuer: Issuer,
    *,
    mode: str,
    trust: ClientTrust | None = None,
    clients: Sequence[KeyPair] = (),
    known_clients: Mapping[str, bool | None] | None = None,
) -> pulumi.Output[dict[str, str]]:
    """Declare everything behind a gateway's hosts, and give the name of each one's first credential, by its label.

    Args:
        component: the gateway.
        name: its name.
        plan: its arguments.
        issuer: who signs the hosts' certificates.
        mode: how the servers end TLS, as Istio names it.
        trust: whose client certificates are accepted.
        clients: certificates that are renewed with the hosts' own.
        known_clients: by name, whether their certificates are accepted.
    """
    review.gateway_pods(plan.pods.selector, plan.pods.namespace)
    client_cas = dict(_client_cas(component, name, plan, trust)) if trust else {}
    certificates = {server.label: list(_certificates(component, name, server, issuer)) for server in plan.servers}
    issued = [*clients, *(one.pair for some in certificates.values() for one in some)]
    announce(name, [pair.renewal for pair in issued], component)
    credentials = {
        server.label: _credentials(component, name, plan, server.hosts[0], certificates[server.label], trust)
        for server in plan.servers
    }
    settings = {
        server.label: istio.Tls(
            mode,
            plan.min_tls,
            plan.max_tls,
            plan.cipher_suites,
            trust.names if trust else (),
            client_cas.get(server.label),
        )
        for server in plan.servers
    }
    _gateway(component, name, plan, settings, credentials)
    for host in plan.hosts:
        _route(component, name, plan, host, known_clients)
    return by_name({host.label: credentials[server.label][0] for server in plan.servers for host in server.hosts})


def share(plan: TlsPlan, issuer: Issuer) -> pulumi.Output[SharedGateway]:
    """A gateway, as it is handed on to those who put hosts on it."""
    names = [name for server in plan.servers for name in server.admitted]
    return shared(plan.namespace, plan.gateway_name, names, https_port=plan.pods.https_port, issuer=issuer)


def _client_cas(
    component: Component, name: str, plan: TlsPlan, trust: ClientTrust
) -> Iterator[tuple[str, pulumi.Input[str]]]:
    """Of each server whose clients' CA is not beside its certificate, where that is."""
    kept = [server for server in plan.servers if server.hosts[0].existing_credential is not None]
    if trust.credential is not None:
        yield from ((server.label, ca_reference(trust.credential)) for server in plan.servers)
    elif kept and trust.beside_kept and plan.secret_format is not SecretFormat.SEPARATE_CA:
        made = client_ca(f"{name}-client-ca", trust, parent=component, namespace=plan.pods.namespace)
        yield from ((server.label, ca_reference(made)) for server in kept)


class _ServerCertificate(NamedTuple):
    """A server's certificate, and what its Secret is called."""

    name: str
    """In Pulumi."""

    pair: KeyPair

    secret_name: str | None
    """In Kubernetes; None for a name by its contents."""


def _certificates(component: Component, name: str, server: TlsServer, issuer: Issuer) -> Iterator[_ServerCertificate]:
    """The server's certificates: none of ours, the given one, or one that is issued for each kind of key."""
    host = server.hosts[0]
    if host.existing_credential is not None:
        return
    if host.given_certificate is not None:
        path = f"{host.path}.given_certificate"
        pair = given_certificates.checked_leaf(component._kind, name, path, host.given_certificate, server.certified)
        yield _ServerCertificate(f"{name}-{host.label}-given", pair, host.credential_name)
        return
    for algorithm in host.key_algorithms:
        own_name = f"{name}-{host.label}-{algorithm.value}"
        secret_name = host.credential_name
        if secret_name is not None and len(host.key_algorithms) > 1:
            secret_name = f"{secret_name}-{algorithm.value}"
        pair = issue(own_name, _template(host, algorithm), issuer, component)
        yield _ServerCertificate(own_name, pair, secret_name)


def _template(host: GatewayHost, algorithm: KeyAlgorithm) -> CertificateTemplate:
    return CertificateTemplate(
        uses=SERVER,
        common_name=host.common_name,
        organization=host.organization,
        subject=host.subject,
        sans=host.certified,
        key_algorithm=algorithm,
        validity_days=host.validity_days,
        renew_before_days=host.renew_before_days,
        generation=host.generation,
    )


def _credentials(
    component: Component,
    name: str,
    plan: TlsPlan,
    host: GatewayHost,
    certificates: Sequence[_ServerCertificate],
    trust: ClientTrust | None,
) -> Sequence[pulumi.Input[str]]:
    """The names of the Secrets that the host, and those on its server, are served from."""
    if host.existing_credential is not None:
        if trust is None or not trust.beside_kept or plan.secret_format is not SecretFormat.SEPARATE_CA:
            return [host.existing_credential]
        name = f"{name}-{host.label}"
        return [with_client_ca(name, host.existing_credential, trust, parent=component, namespace=plan.pods.namespace)]
    return [
        credential(
            certificate.name,
            certificate.pair,
            parent=component,
            namespace=plan.pods.namespace,
            secret_name=certificate.secret_name,
            secret_format=plan.secret_format,
            trust=trust,
        )
        for certificate in certificates
    ]


def _gateway(
    component: Component,
    name: str,
    plan: TlsPlan,
    settings: dict[str, istio.Tls],
    credentials: dict[str, Sequence[pulumi.Input[str]]],
) -> None:
    servers = [
        istio.tls_server(
            server.label,
            server.admitted,
            plan.pods.https_port,
            settings[server.label],
            credentials[server.label],
            server.hosts[0].port_name,
        )
        for server in plan.servers
    ]
    if plan.https_redirect:
        names = [name for server in plan.servers for name in server.admitted]
        servers.append(istio.http_server(names, plan.pods.http_port, redirect=True))
    istio.gateway(
        f"{name}-gateway",
        plan.gateway_name,
        servers,
        parent=component,
        namespace=plan.namespace,
        selector=plan.pods.selector,
        bind=plan.bind,
    )


def _route(
    component: Component,
    name: str,
    plan: TlsPlan,
    host: GatewayHost,
    clients: Mapping[str, bool | None] | None,
) -> None:
    own_name = f"{name}-{host.label}"
    object_name = fit(plan.gateway_name, host.label)
    backend = workloads.backend(host, own_name, object_name, parent=component, namespace=plan.namespace)
    spec = istio.http_routes(host, [plan.gateway_name], backend)
    istio.virtual_service(
        f"{own_name}-routes",
        host.virtual_service_name or object_name,
        spec,
        parent=component,
        namespace=plan.namespace,
        export_to=plan.export_to,
        expect=expectations.http(host.expect, host.routes, spec, clients),
    )
