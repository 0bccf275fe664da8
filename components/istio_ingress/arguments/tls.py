"""What a TLS gateway is told, and what of it cannot stand together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NotRequired

import pulumi

from ..pki import given_certificates
from ..pki.issuing import Issuer, Subject, time_complaints
from ..pki.keys import KeyAlgorithm
from ..refusal import Complaint
from . import route_complaints, servers
from .additions import GatewayArgs
from .gateway import GatewayPods, IngressGateway, TlsVersion
from .hosts import GatewayHost, TlsHost, resolve
from .secret_format import SecretFormat
from .servers import TlsServer, by_credential


class TlsGatewayArgs(GatewayArgs):
    """What is reachable over TLS. By default httpbin.example.com, with /status and /delay to an httpbin of its own."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the Gateway, the routes and the workloads stand. Default: the provider's namespace, or `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that serve it, and the namespace for credentials. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway, and beginning of the other objects' names. Default: from the component's name."""

    authority: NotRequired[pulumi.Input[Issuer]]
    """Who signs the certificates. Default: an authority of the component's own."""

    hosts: NotRequired[Sequence[TlsHost]]
    """The hosts, none of which may cover another's names, unless they share an `existing_credential` or a
    `given_certificate`: then they stand on one server, each with routes of its own."""

    https_redirect: NotRequired[bool]
    """Also listen on the HTTP port and answer 301 to https there, for the standard ports: Envoy repeats the host with
    the port that the client asked, if any. Default: false."""

    min_tls: NotRequired[TlsVersion]
    """Oldest version accepted; below 1.2 `cipher_suites` are needed. Default: Istio's, 1.2."""

    max_tls: NotRequired[TlsVersion]
    """Newest version accepted. Default: Istio's, 1.3."""

    cipher_suites: NotRequired[Sequence[pulumi.Input[str]]]
    """For TLS up to 1.2, OpenSSL's names. Default: Envoy's."""

    secret_format: NotRequired[SecretFormat]
    """How the Secret names what is in it. Default: `tls.key`, `tls.crt` and `ca.crt`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O of every host's certificate. Default: none."""

    subject: NotRequired[Subject]
    """What else the subjects of the hosts' certificates say. Default: nothing."""

    key_algorithms: NotRequired[Sequence[KeyAlgorithm]]
    """The kinds of keys of hosts that name none. Default: EC P-256."""

    validity_days: NotRequired[int]
    """How many days the certificates of hosts that do not say are valid. Default: 365."""

    renew_before_days: NotRequired[int]
    """The same of how many days before their end they are renewed. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, every host gets a new key and certificate. Default: 1."""


@dataclass(frozen=True, kw_only=True)
class TlsPlan:
    """`TlsGatewayArgs` with the defaults filled in: what is declared is written from this."""

    authority: pulumi.Input[Issuer] | None
    gateway_name: str
    namespace: pulumi.Input[str]
    pods: GatewayPods
    hosts: Sequence[GatewayHost]
    https_redirect: bool
    min_tls: TlsVersion | None
    max_tls: TlsVersion | None
    cipher_suites: Sequence[pulumi.Input[str]]
    secret_format: SecretFormat
    bind: pulumi.Input[str] | None
    export_to: Sequence[pulumi.Input[str]] | None

    @cached_property
    def servers(self) -> Sequence[TlsServer]:
        """The servers that the hosts stand on."""
        return by_credential(self.hosts)

    @property
    def served(self) -> list[pulumi.Input[str]]:
        """All names that the gateway answers for."""
        return [name for host in self.hosts for name in host.served]

    @property
    def longest_validity(self) -> int:
        """How many days the longest of the hosts' certificates lives."""
        return max(host.validity_days for host in self.hosts)


def resolve_plan(args: TlsGatewayArgs, default_hosts: Sequence[TlsHost], default_name: str) -> TlsPlan:
    """The arguments, right by type, with a component's own defaults for its hosts and its Gateway's name."""
    return TlsPlan(
        authority=args.get("authority"),
        gateway_name=args.get("gateway_name", default_name),
        namespace=args.get("namespace", "default"),
        pods=GatewayPods.of(args.get("gateway")),
        hosts=list(resolve(args.get("hosts", default_hosts), args)),
        https_redirect=args.get("https_redirect", False),
        min_tls=TlsVersion(args["min_tls"]) if "min_tls" in args else None,
        max_tls=TlsVersion(args["max_tls"]) if "max_tls" in args else None,
        cipher_suites=args.get("cipher_suites", ()),
        secret_format=SecretFormat(args.get("secret_format", SecretFormat.TLS)),
        bind=args.get("bind"),
        export_to=args.get("export_to"),
    )


def pem_fields(args: TlsGatewayArgs) -> Iterator[str]:
    """The hosts' arguments that hold certificates which must be read."""
    for host in resolve(args.get("hosts", ()), args):
        if host.given_certificate is not None:
            yield f"{host.path}.given_certificate"


def complaints(plan: TlsPlan) -> Iterator[Complaint]:
    """What a TLS gateway cannot be made from."""
    yield from _version_complaints(plan)
    for host in plan.hosts:
        for complaint in _host_complaints(host, plan.authority):
            yield complaint.under(host.path)
    yield from _shared_complaints(plan.hosts)
    yield from servers.complaints(plan.servers)
    if plan.authority is not None:
        for complaint in given_certificates.issuer_complaints(plan.authority, plan.longest_validity):
            yield complaint.under("authority")


def _version_complaints(plan: TlsPlan) -> Iterator[Complaint]:
    oldest, newest = plan.min_tls, plan.max_tls
    if oldest and newest and oldest.value > newest.value:
        yield Complaint("min_tls", oldest.value, f"no newer than max_tls, {newest.value}")
    if oldest and oldest.value < TlsVersion.TLS_1_2.value and not plan.cipher_suites:
        yield Complaint("min_tls", oldest.value, "TLSV1_2 or newer where no cipher_suites are named")


_ISSUING = frozenset(
    {
        "common_name",
        "credential_name",
        "key_algorithms",
        "leaf_generation",
        "organization",
        "renew_before_days",
        "subject",
        "validity_days",
    }
)


def _host_complaints(host: GatewayHost, issuer: pulumi.Input[Issuer] | None) -> Iterator[Complaint]:
    yield from route_complaints.complaints(host.told)
    if not host.label:
        yield Complaint("name", None, "given where the host only becomes known during the update")
    if host.existing_credential is not None:
        yield from (
            Complaint(field, value, "left out where an existing_credential is given")
            for field, value in host.told.items()
            if field in _ISSUING or field == "given_certificate"
        )
        return
    if host.given_certificate is not None:
        for field in sorted((_ISSUING - {"credential_name"}) & host.told.keys()):
            yield Complaint(field, "given", "left out where a given_certificate is given")
        for complaint in given_certificates.leaf_complaints(host.given_certificate, host.certified):
            yield complaint.under("given_certificate")
        return
    if not host.certified:
        yield Complaint("sans", None, "given for host '*': a certificate needs a name")
    yield from _key_complaints(host.key_algorithms)
    yield from time_complaints(issuer, host.validity_days, host.renew_before_days)


def _key_complaints(chosen: Sequence[KeyAlgorithm]) -> Iterator[Complaint]:
    kinds = [algorithm.value.split("-")[0] for algorithm in chosen]
    if len(set(kinds)) < len(kinds):
        yield Complaint("key_algorithms", [a.value for a in chosen], "one key algorithm, or an EC and an RSA one")


def _shared_complaints(hosts: Sequence[GatewayHost]) -> Iterator[Complaint]:
    deployed: dict[str, int] = {}
    for index, host in enumerate(hosts):
        workload = host.workload.get("name")
        if workload and deployed.setdefault(workload, index) != index:
            wanted = f"another name than hosts[{deployed[workload]}]'s, or that host's Service as this one's backend"
            yield Complaint(f"hosts[{index}].workload.name", workload, wanted)
    twice = next((one for one, times in Counter(host.label for host in hosts).items() if times > 1), None)
    if twice:
        yield Complaint("hosts", twice, "named once: two hosts have this name")
