"""What a TLS gateway is told, for every host and for each, and what of it cannot stand together."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict

import pulumi

from . import arguments, given, pem, routing
from .arguments import Complaint
from .credentials import SecretFormat
from .hosts import fit, overlap, slug
from .istio import Backend, IngressGateway, Route, TlsVersion
from .leaves import RENEW_BEFORE_DAYS, VALIDITY_DAYS, CertifiedKey, Issuer, KeyAlgorithm
from .pki import AUTHORITY_VALIDITY_DAYS
from .workloads import Workload


class TlsHost(TypedDict):
    """A host that a gateway ends TLS for: its certificate, and who answers."""

    host: pulumi.Input[str]
    """A DNS name, `*.` and a DNS name, or `*`. The certificate is for it and for `sans`."""

    name: NotRequired[str]
    """What the host's objects and its port are called after, a DNS label; needed where `host` is an Output, and then
    better short. Default: the host with dashes for dots."""

    sans: NotRequired[Sequence[pulumi.Input[str]]]
    """More DNS names in the certificate (subjectAltName). The gateway serves them like the host."""

    routes: NotRequired[Sequence[Route]]
    """Which paths go where; everything else is 404. Default: prefixes /status and /delay to the backend."""

    backend: NotRequired[Backend]
    """An existing Service, instead of deploying a workload."""

    workload: NotRequired[Workload]
    """What is deployed where no Service is given. Default: httpbin."""

    existing_credential: NotRequired[pulumi.Input[str]]
    """Name of a Secret in the gateway's namespace that somebody else keeps; nothing is issued then."""

    given_certificate: NotRequired[CertifiedKey]
    """A certificate and key of your own, for the host and its `sans`; nothing is issued then. Needs the extra
    `certificates`, the Python package cryptography, with which it is checked."""

    credential_name: NotRequired[str]
    """A fixed name for the Secret; with two key algorithms each name gets its algorithm's as an ending. Default: a name
    by its contents, which lets a new certificate be created before the old one goes."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: the host, where it is that short."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: the gateway's, or none."""

    key_algorithms: NotRequired[Sequence[KeyAlgorithm]]
    """One, or an EC and an RSA one: the client then gets what it can verify (Istio 1.27 and later). Default: the
    gateway's, or EC P-256."""

    validity_days: NotRequired[int]
    """Default: the gateway's, or 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: the gateway's, or 30."""

    leaf_generation: NotRequired[int]
    """Raised, this host gets a new key and certificate. Default: 1."""


class TlsGatewayArgs(TypedDict):
    """What is reachable over TLS. By default httpbin.example.com, with /status and /delay to an httpbin of its own."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the Gateway, the routes and the workloads stand. Default: `default`."""

    gateway: NotRequired[IngressGateway]
    """The pods that serve it, and the namespace for credentials. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway, and beginning of the other objects' names. Default: from the component's name."""

    authority: NotRequired[Issuer]
    """Who signs the certificates. Default: an authority of the component's own."""

    hosts: NotRequired[Sequence[TlsHost]]
    """The hosts, none of which may cover another's names."""

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
    """The keys in the credential. Default: `tls.key`, `tls.crt` and `ca.crt`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O of every host's certificate. Default: none."""

    key_algorithms: NotRequired[Sequence[KeyAlgorithm]]
    """For every host. Default: EC P-256."""

    validity_days: NotRequired[int]
    """For every host. Default: 365."""

    renew_before_days: NotRequired[int]
    """For every host. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, every host gets a new key and certificate. Default: 1."""


def check(component: str, name: str, args: TlsGatewayArgs, hosts: Sequence[TlsHost], schema: type) -> None:
    """Refuse what a TLS gateway cannot be made from.

    Args:
        component: its class's name, for the sentence.
        name: the component's name.
        args: its arguments.
        hosts: `args["hosts"]`, or the component's default.
        schema: the arguments' TypedDict.

    Raises:
        pulumi.RunError: in one sentence; nothing has been declared.
    """
    arguments.check(component, name, args, schema)
    for index, host in enumerate(hosts):
        if "given_certificate" in host:
            pem.demand_reader(component, name, f"hosts[{index}].given_certificate")
    if isinstance(args.get("authority", {}).get("certificate"), str):
        pem.demand_reader(component, name, "authority.certificate")
    arguments.refuse_first(component, name, _complaints(name, args, hosts))


def label(host: TlsHost) -> str:
    """What the host's objects are called after."""
    return host["name"] if "name" in host else fit(slug(str(host["host"])))


def names(host: TlsHost) -> list[pulumi.Input[str]]:
    """The host and its further names."""
    return [host["host"], *host.get("sans", ())]


def certified(host: TlsHost) -> list[pulumi.Input[str]]:
    """The names that the host's certificate must be for."""
    return [name for name in names(host) if name != "*"]


def served(host: TlsHost) -> list[pulumi.Input[str]]:
    """Every name that the host's server answers to: all in its certificate, as clients reuse connections for them."""
    return ["*"] if host["host"] == "*" else names(host)


def algorithms(args: TlsGatewayArgs, host: TlsHost) -> list[KeyAlgorithm]:
    """The keys that the host gets."""
    chosen = host.get("key_algorithms", args.get("key_algorithms", [KeyAlgorithm.ECDSA_P256]))
    return [KeyAlgorithm(each) for each in chosen]


def validity_days(args: TlsGatewayArgs, host: TlsHost) -> int:
    """How long the host's certificate lives."""
    return host.get("validity_days", args.get("validity_days", VALIDITY_DAYS))


def renew_before_days(args: TlsGatewayArgs, host: TlsHost) -> int:
    """How long before its end the host's certificate is renewed."""
    return host.get("renew_before_days", args.get("renew_before_days", RENEW_BEFORE_DAYS))


def time_complaints(issuer: Issuer | None, validity: int, renew_before: int) -> Iterator[Complaint]:
    """What is wrong with a leaf's times, signed by this issuer or by one of the component's own."""
    if renew_before >= validity:
        yield Complaint("renew_before_days", renew_before, f"less than validity_days, {validity}")
    longest = issuer.get("max_leaf_days", validity) if issuer else AUTHORITY_VALIDITY_DAYS - 1
    if validity > longest:
        yield Complaint("validity_days", validity, f"at most {longest}, or the certificate outlives its authority")


def _complaints(name: str, args: TlsGatewayArgs, hosts: Sequence[TlsHost]) -> Iterator[Complaint]:
    if name.startswith(("istio", "prometheus")):
        yield Complaint(
            "the component's name", name, "one that Istio takes for a Secret: not 'istio…' or 'prometheus…'"
        )
    yield from _version_complaints(args)
    for index, host in enumerate(hosts):
        for complaint in _host_complaints(args, host):
            yield complaint.under(f"hosts[{index}]")
    yield from _shared_complaints(hosts)
    if "authority" in args:
        longest = max(validity_days(args, host) for host in hosts)
        for complaint in given.issuer_complaints(args["authority"], longest):
            yield complaint.under("authority")


def _version_complaints(args: TlsGatewayArgs) -> Iterator[Complaint]:
    oldest, newest = (TlsVersion(args[end]) if end in args else None for end in ("min_tls", "max_tls"))
    if oldest and newest and oldest.value > newest.value:
        yield Complaint("min_tls", oldest.value, f"no newer than max_tls, {newest.value}")
    if oldest and oldest.value < TlsVersion.TLS_1_2.value and not args.get("cipher_suites"):
        yield Complaint("min_tls", oldest.value, "TLSV1_2 or newer where no cipher_suites are named")


_ISSUING = frozenset(
    {
        "common_name",
        "credential_name",
        "key_algorithms",
        "leaf_generation",
        "organization",
        "renew_before_days",
        "validity_days",
    }
)


def _host_complaints(args: TlsGatewayArgs, host: TlsHost) -> Iterator[Complaint]:
    yield from routing.complaints(host)
    if "name" not in host and not arguments.known(host["host"]):
        yield Complaint("name", None, "given where the host only becomes known during the update")
    if "existing_credential" in host:
        yield from (
            Complaint(field, value, "left out where an existing_credential is given")
            for field, value in host.items()
            if field in _ISSUING or field == "given_certificate"
        )
        return
    if "given_certificate" in host:
        for field in sorted((_ISSUING - {"credential_name"}) & host.keys()):
            yield Complaint(field, "given", "left out where a given_certificate is given")
        for complaint in given.leaf_complaints(host["given_certificate"], certified(host)):
            yield complaint.under("given_certificate")
        return
    if host["host"] == "*" and not host.get("sans"):
        yield Complaint("sans", None, "given for host '*': a certificate needs a name")
    yield from _key_complaints(algorithms(args, host))
    yield from time_complaints(args.get("authority"), validity_days(args, host), renew_before_days(args, host))


def _key_complaints(chosen: Sequence[KeyAlgorithm]) -> Iterator[Complaint]:
    kinds = [algorithm.value.split("-")[0] for algorithm in chosen]
    if len(set(kinds)) < len(kinds):
        yield Complaint("key_algorithms", [a.value for a in chosen], "one key algorithm, or an EC and an RSA one")


def _shared_complaints(hosts: Sequence[TlsHost]) -> Iterator[Complaint]:
    twice = next((one for one, times in Counter(map(label, hosts)).items() if times > 1), None)
    if twice:
        yield Complaint("hosts", twice, "named once: two hosts have this name")
    covered = overlap([str(one) for one in names(host) if arguments.known(one)] for host in hosts)
    if covered:
        wanted = f"apart from '{covered.wider}', which covers it: HTTP/2 clients would send its requests there"
        yield Complaint("hosts", covered.narrower, wanted)
