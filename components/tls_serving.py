"""From a TLS gateway's arguments to its objects: certificates, credentials, one Gateway, one VirtualService a host."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pulumi

from . import given, istio, review, routing, tls_arguments
from .credentials import ClientTrust, SecretFormat, credential
from .hosts import fit
from .istio import Backend, TlsVersion
from .leaves import SERVER, Certificate, Issuer, KeyAlgorithm, Leaf, common_name, issue
from .objects import Manifest
from .outputs import by_name
from .pki import CertificateAuthority
from .renewal import announce
from .tls_arguments import TlsGatewayArgs, TlsHost
from .workloads import workload


@dataclass(frozen=True)
class Site:
    """One component's share in everything that is declared for it."""

    component: pulumi.ComponentResource
    name: str
    args: TlsGatewayArgs
    gateway_name: str
    target: istio.Target
    issuer: Issuer
    trust: ClientTrust | None
    issued: list[Certificate] = field(default_factory=list)
    """What the stack renews."""

    @property
    def namespace(self) -> pulumi.Input[str]:
        """Where everything but the credentials stands."""
        return self.args.get("namespace", "default")


def authority(
    component: pulumi.ComponentResource, name: str, args: TlsGatewayArgs, hosts: Sequence[TlsHost], *days: int
) -> Issuer:
    """The given authority, or one of the component's own that outlives the hosts' leaves, and others of these days."""
    if "authority" in args:
        return given.issuer(type(component).__name__, name, "authority", args["authority"])
    longest = max(*days, *(tls_arguments.validity_days(args, host) for host in hosts), 1)
    own = CertificateAuthority(f"{name}-ca", {"max_leaf_days": longest}, opts=pulumi.ResourceOptions(parent=component))
    return own.issuer


def serve(site: Site, hosts: Sequence[TlsHost], mode: str) -> pulumi.Output[dict[str, str]]:
    """Declare everything behind the hosts, and give each one's first credential's name."""
    tls = _tls(site.args, mode)
    review.gateway_pods(site.target.selector, site.target.namespace)
    credentials = {tls_arguments.label(host): _credentials(site, host) for host in hosts}
    announce(site.name, site.issued, site.component)
    served = [name for host in hosts for name in tls_arguments.served(host)]
    redirect = site.args.get("https_redirect", False)
    istio.gateway(
        f"{site.name}-gateway",
        site.gateway_name,
        [_server(site, host, tls, credentials[tls_arguments.label(host)]) for host in hosts]
        + ([istio.http_server(served, site.target.http_port, redirect=True)] if redirect else []),
        parent=site.component,
        namespace=site.namespace,
        selector=site.target.selector,
    )
    for host in hosts:
        _route(site, host)
    return by_name({label: names[0] for label, names in credentials.items()})


def _tls(args: TlsGatewayArgs, mode: str) -> istio.Tls:
    return istio.Tls(
        mode,
        min_version=TlsVersion(args["min_tls"]) if "min_tls" in args else None,
        max_version=TlsVersion(args["max_tls"]) if "max_tls" in args else None,
        cipher_suites=args.get("cipher_suites", ()),
    )


def _server(site: Site, host: TlsHost, tls: istio.Tls, credentials: Sequence[pulumi.Input[str]]) -> Manifest:
    label = tls_arguments.label(host)
    return istio.tls_server(label, tls_arguments.served(host), site.target.https_port, tls, credentials)


def _credentials(site: Site, host: TlsHost) -> Sequence[pulumi.Input[str]]:
    if "existing_credential" in host:
        return [host["existing_credential"]]
    if "given_certificate" in host:
        return [_given(site, host)]
    algorithms = tls_arguments.algorithms(site.args, host)
    return [_credential(site, host, algorithm, alone=len(algorithms) == 1) for algorithm in algorithms]


def _credential(site: Site, host: TlsHost, algorithm: KeyAlgorithm, alone: bool) -> pulumi.Output[str]:
    name = f"{site.name}-{tls_arguments.label(host)}-{algorithm.value}"
    fixed = host.get("credential_name")
    made = issue(name, _leaf(site.args, host, algorithm), site.issuer, site.component)
    site.issued.append(made)
    return _secret(site, name, made, fixed if fixed is None or alone else f"{fixed}-{algorithm.value}")


def _given(site: Site, host: TlsHost) -> pulumi.Output[str]:
    index = next(index for index, each in enumerate(site.args["hosts"]) if each is host)
    field = f"hosts[{index}].given_certificate"
    pair, names = host["given_certificate"], tls_arguments.certified(host)
    made = given.leaf(type(site.component).__name__, site.name, field, pair, names)
    return _secret(site, f"{site.name}-{tls_arguments.label(host)}-given", made, host.get("credential_name"))


def _secret(site: Site, name: str, certificate: Certificate, secret_name: str | None) -> pulumi.Output[str]:
    return credential(
        name,
        certificate,
        parent=site.component,
        namespace=site.target.namespace,
        secret_name=secret_name,
        secret_format=SecretFormat(site.args.get("secret_format", SecretFormat.TLS)),
        trust=site.trust,
    )


def _leaf(args: TlsGatewayArgs, host: TlsHost, algorithm: KeyAlgorithm) -> Leaf:
    dns_names = tls_arguments.certified(host)
    return Leaf(
        uses=SERVER,
        common_name=host.get("common_name", common_name(dns_names[0])),
        organization=host.get("organization", args.get("organization")),
        dns_names=dns_names,
        key_algorithm=algorithm,
        validity_days=tls_arguments.validity_days(args, host),
        renew_before_days=tls_arguments.renew_before_days(args, host),
        generation=f"{args.get('leaf_generation', 1)}.{host.get('leaf_generation', 1)}",
    )


def _route(site: Site, host: TlsHost) -> None:
    label = tls_arguments.label(host)
    routes_name = fit(site.gateway_name, label)
    name = f"{site.name}-{label}"
    istio.virtual_service(
        f"{name}-routes",
        routes_name,
        istio.http_routes(
            tls_arguments.served(host),
            [site.gateway_name],
            host.get("routes", routing.DEFAULT_ROUTES),
            routing.answering(host, lambda: _deployed(site, host, name, routes_name)),
        ),
        parent=site.component,
        namespace=site.namespace,
    )


def _deployed(site: Site, host: TlsHost, name: str, service: str) -> Backend:
    args = host.get("workload", {})
    return workload(name, service, args, parent=site.component, namespace=site.namespace)
