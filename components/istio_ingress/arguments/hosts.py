"""Hosts: what a TLS gateway is told of each, and what follows from that, worked out here and nowhere else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NotRequired, TypedDict

import pulumi

from ..names import fit, slug
from ..pki.issuing import RENEW_BEFORE_DAYS, VALIDITY_DAYS, CertifiedKey, Subject, common_name
from ..pki.keys import KeyAlgorithm
from ..rules.hosts import is_ip_address
from .expectations import Expectation
from .routes import DEFAULT_ROUTES, Backend, Route
from .schema import known
from .scopes import name_of, scoped_as
from .workload import Workload, default_routes

if TYPE_CHECKING:
    from .tls import TlsGatewayArgs


class TlsHost(TypedDict):
    """A host that a gateway ends TLS for: its certificate, and who answers."""

    host: pulumi.Input[str]
    """A DNS name, `*.` and a DNS name, or `*`; `namespace/host` admits only routes of that namespace (`.`: the
    Gateway's). The certificate is for it and for `sans`."""

    name: NotRequired[str]
    """What the host's objects and its port are called after, a DNS label; needed where `host` is an Output, and then
    better short. Default: the host with dashes for dots."""

    sans: NotRequired[Sequence[pulumi.Input[str]]]
    """More names in the certificate (subjectAltName): DNS names, which the gateway serves like the host, and addresses.
    A client that asks an address sends no name, so that only host `*` answers it."""

    virtual_service_name: NotRequired[str]
    """Name of its VirtualService. Default: from the Gateway's and `name`."""

    port_name: NotRequired[pulumi.Input[str]]
    """Name of its server's port; of hosts on one server the first one's counts. Default: `https-` and `name`."""

    routes: NotRequired[Sequence[Route]]
    """Which paths go where; everything else is 404. Default: every path to a `backend`; to a workload of ours the paths
    of Istio's pages: prefixes /status and /delay to httpbin, /hello to helloworld."""

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

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: the gateway's, or
    nothing."""

    key_algorithms: NotRequired[Sequence[KeyAlgorithm]]
    """One, or an EC and an RSA one: the client then gets what it can verify (Istio 1.27 and later). Default: the
    gateway's, or EC P-256."""

    validity_days: NotRequired[int]
    """How many days its certificate is valid. Default: the gateway's, or 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: the gateway's, or 30."""

    leaf_generation: NotRequired[int]
    """Raised, this host gets a new key and certificate. Default: 1."""

    expect: NotRequired[Sequence[Expectation]]
    """What must answer to which requests: proven in the preview, asked afterwards. Default: nothing is expected."""


@dataclass(frozen=True, kw_only=True)
class HttpHost:
    """Names that are answered over HTTP, and by whom: all that a VirtualService or an Ingress is written from."""

    served: Sequence[pulumi.Input[str]]
    """The names that requests are answered for."""

    routes: Sequence[Route] = DEFAULT_ROUTES
    """Which paths go where."""

    backend: Backend | None = None
    """The Service that is given for routes that name none."""

    workload: Workload = field(default_factory=Workload)
    """What is deployed for them where no Service is given."""

    expect: Sequence[Expectation] = ()
    """What must answer to which requests."""


@dataclass(frozen=True, kw_only=True)
class GatewayHost(HttpHost):
    """A `TlsHost` with its defaults filled in, from the gateway's arguments or from ours."""

    told: TlsHost
    """The arguments themselves: which of them are given."""

    path: str
    """Where it stands in the arguments, for a refusal: `hosts[0]`."""

    label: str
    """What its objects and its port are called after; empty where it cannot be known, which is refused."""

    names: Sequence[pulumi.Input[str]]
    """The host and its further names. All that can be served are, as clients reuse connections for every name that a
    certificate is for."""

    admitted: Sequence[pulumi.Input[str]]
    """What it serves as a Gateway's server has it."""

    certified: Sequence[pulumi.Input[str]]
    """The names that its certificate must be for."""

    virtual_service_name: str | None
    port_name: pulumi.Input[str] | None

    existing_credential: pulumi.Input[str] | None
    given_certificate: CertifiedKey | None
    credential_name: str | None
    common_name: pulumi.Input[str] | None
    organization: pulumi.Input[str] | None
    subject: Subject
    key_algorithms: Sequence[KeyAlgorithm]
    validity_days: int
    renew_before_days: int
    generation: str


def resolve(hosts: Sequence[TlsHost], gateway: "TlsGatewayArgs") -> Iterator[GatewayHost]:
    """The hosts of a gateway with all that follows from their arguments and its own, which are right by type."""
    for index, host in enumerate(hosts):
        addresses = [one for one in host.get("sans", ()) if isinstance(one, str) and is_ip_address(one)]
        names = [name_of(host["host"]), *(one for one in host.get("sans", ()) if one not in addresses)]
        served = ["*"] if names[0] == "*" else names
        certified = [*(name for name in names if name != "*"), *addresses]
        algorithms = host.get("key_algorithms", gateway.get("key_algorithms", [KeyAlgorithm.ECDSA_P256]))
        yield GatewayHost(
            told=host,
            path=f"hosts[{index}]",
            label=_label(host),
            names=names,
            certified=certified,
            served=served,
            admitted=[scoped_as(host["host"], one) for one in served],
            virtual_service_name=host.get("virtual_service_name"),
            port_name=host.get("port_name"),
            routes=host.get("routes", default_routes(host)),
            backend=host.get("backend"),
            workload=host.get("workload", {}),
            expect=host.get("expect", ()),
            existing_credential=host.get("existing_credential"),
            given_certificate=host.get("given_certificate"),
            credential_name=host.get("credential_name"),
            common_name=host.get("common_name", common_name(certified[0]) if certified else None),
            organization=host.get("organization", gateway.get("organization")),
            subject=host.get("subject", gateway.get("subject", {})),
            key_algorithms=[KeyAlgorithm(each) for each in algorithms],
            validity_days=host.get("validity_days", gateway.get("validity_days", VALIDITY_DAYS)),
            renew_before_days=host.get("renew_before_days", gateway.get("renew_before_days", RENEW_BEFORE_DAYS)),
            generation=f"{gateway.get('leaf_generation', 1)}.{host.get('leaf_generation', 1)}",
        )


def _label(host: TlsHost) -> str:
    if "name" in host:
        return host["name"]
    return fit(slug(str(name_of(host["host"])))) if known(host["host"]) else ""
