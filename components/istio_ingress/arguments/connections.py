"""Connections that a gateway hands on as they are: to whom, by name or by port."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from ..pki.issuing import CertifiedKey, Issuer, Subject
from ..refusal import Complaint
from .expectations import ConnectionExpectation, Expectation
from .expectations import complaints as expectation_complaints
from .route_complaints import weight_complaints
from .routes import Backend, WeightedBackend


class PassthroughHost(TypedDict):
    """A name that clients send in TLS (SNI), and whose connections go where, still encrypted."""

    host: pulumi.Input[str]
    """A DNS name, or `*.` and a DNS name; `namespace/host` admits only routes of that namespace."""

    name: NotRequired[str]
    """What its VirtualService is called after, a DNS label; needed where `host` is an Output. Default: the host with
    dashes for dots."""

    virtual_service_name: NotRequired[str]
    """Name of its VirtualService. Default: from the Gateway's and `name`."""

    further_hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """More names whose connections go there."""

    backend: NotRequired[Backend]
    """The Service that ends TLS itself."""

    backends: NotRequired[Sequence[WeightedBackend]]
    """Several, which share the connections by weight, instead."""

    expect: NotRequired[Sequence[Expectation]]
    """What must answer to which requests: proven in the preview, asked afterwards. Default: nothing is expected."""


class TcpTls(TypedDict):
    """TLS that ends at the gateway, before a port's backend."""

    hosts: Sequence[pulumi.Input[str]]
    """The names that the certificate is for: DNS names, or `*.` and one."""

    authority: NotRequired[pulumi.Input[Issuer]]
    """Who signs the certificate. Default: an authority of the component's own."""

    given_certificate: NotRequired[CertifiedKey]
    """A certificate and key of your own; nothing is issued then. Needs the extra `certificates`."""

    existing_credential: NotRequired[pulumi.Input[str]]
    """Name of a Secret in the gateway's namespace that somebody else keeps; nothing is issued then."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: none."""

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: nothing."""

    validity_days: NotRequired[int]
    """How many days it is valid. Default: 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, the port gets a new key and certificate. Default: 1."""


class TcpPort(TypedDict):
    """A port of the gateway, and whose connections go where."""

    port: pulumi.Input[int]
    """The port of the gateway's Service, which must have it."""

    name: NotRequired[str]
    """What its objects are called after, a DNS label; needed where `port` is an Output, or another entry has it.
    Default: `tcp-` and the port."""

    virtual_service_name: NotRequired[str]
    """Name of its VirtualService. Default: from the Gateway's and `name`."""

    backend: NotRequired[Backend]
    """The Service that answers."""

    backends: NotRequired[Sequence[WeightedBackend]]
    """Several, which share the connections by weight, instead."""

    tls: NotRequired[TcpTls]
    """TLS that ends at the gateway. The only one on its port serves every client, whichever name it sends, or none, as
    many clients of databases do; of several the name decides. Default: none."""

    expect: NotRequired[Sequence[ConnectionExpectation]]
    """Where its connections must lead: proven in the preview, asked afterwards. Default: nothing is expected."""


def backends_of(told: Mapping[str, Any]) -> Sequence[WeightedBackend]:
    """Who gets the connections."""
    found: Sequence[WeightedBackend] = told["backends"] if "backends" in told else [told["backend"]]
    return found


def backend_complaints(told: Mapping[str, Any]) -> Iterator[Complaint]:
    """What is wrong with who gets the connections, and with what is expected of them."""
    yield from expectation_complaints(told)
    if ("backend" in told) == ("backends" in told):
        yield Complaint("backend", told.get("backend"), "given, or backends, and not both")
    backends = told.get("backends", ())
    yield from weight_complaints(backends)
    for index, backend in enumerate(backends):
        for field in ("request_headers", "response_headers"):
            if field in backend:
                path = f"backends[{index}].{field}"
                yield Complaint(path, backend[field], "left out: nobody reads headers on the way")
