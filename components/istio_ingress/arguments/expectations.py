"""What a host or a route must answer to a request: proven in the preview, and asked after the update."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NotRequired, TypedDict

import pulumi

from ..refusal import Complaint
from ..rules.http import TOKEN
from .schema import known


class Refusal(Enum):
    """At what a request ends before any HTTP."""

    CONNECTION = "connection"
    """Nothing listens, or it is closed at once."""

    HANDSHAKE = "handshake"
    """No server is for the name, or the one or the other side does not trust the certificate that it is shown."""


class HttpVersion(Enum):
    """How client and gateway speak."""

    HTTP_1_1 = "HTTP/1.1"
    HTTP_2 = "HTTP/2"


class Expectation(TypedDict):
    """A request, and what must come of it. Of answers that weights or faults choose between, one must be like this."""

    request: NotRequired[pulumi.Input[str]]
    """Method and path, with the query: `GET /api/items?page=2`; without a method it is GET. With a whole address, such
    as `GET http://www.shop.example/`, it goes to that host, scheme and port; else to the host's first name (`any` in
    place of a `*`), over TLS where a Gateway has it there. Default: `GET /`."""

    headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that are sent, by name; none is sent besides."""

    query: NotRequired[Mapping[str, pulumi.Input[str]]]
    """More query parameters, by name."""

    client_certificate: NotRequired[str]
    """The name of the client whose certificate is shown: one of the component's `clients`, or one that
    `istio-ingress requests` is given. Default: none is shown."""

    trusts_server: NotRequired[pulumi.Input[bool]]
    """Whether the client trusts the CA that the stack exports. False: it trusts another one, and so must end the
    handshake itself. Default: true."""

    status: NotRequired[pulumi.Input[int]]
    """The answer's status. What a Service answers only shows when it is asked; 404 and redirects are taken for the
    gateway's own, unless it is said who answers."""

    service: NotRequired[pulumi.Input[str]]
    """The Service that answers: its name, alone in the routes' namespace or `name.namespace.svc.cluster.local`."""

    port: NotRequired[pulumi.Input[int]]
    """The Service's port."""

    subset: NotRequired[pulumi.Input[str]]
    """The subset of its pods."""

    path: NotRequired[pulumi.Input[str]]
    """The path as the Service sees it, rewritten, with the query."""

    location: NotRequired[pulumi.Input[str]]
    """Where a redirect leads, the whole address."""

    request_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that the gateway sets, as the Service sees them."""

    response_headers: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Headers that the gateway sets, as the client gets them."""

    refused: NotRequired[Refusal]
    """At what the request ends instead."""

    protocol: NotRequired[HttpVersion]
    """How the answer comes; shows when it is asked."""

    body: NotRequired[pulumi.Input[str]]
    """Text that the body must hold; shows when it is asked."""


class ConnectionExpectation(TypedDict):
    """What must come of a connection to a port."""

    service: NotRequired[pulumi.Input[str]]
    """The Service that answers: its name, alone in the routes' namespace or `name.namespace.svc.cluster.local`."""

    port: NotRequired[pulumi.Input[int]]
    """The Service's port."""

    subset: NotRequired[pulumi.Input[str]]
    """The subset of its pods."""

    refused: NotRequired[Refusal]
    """At what the connection ends instead."""


_ANSWERS = (
    "status",
    "service",
    "port",
    "subset",
    "path",
    "location",
    "request_headers",
    "response_headers",
    "refused",
    "protocol",
    "body",
)
_NAME = re.compile(TOKEN)


def complaints(args: Mapping[str, Any]) -> Iterator[Complaint]:
    """What of the expectations of a host, and of its routes, cannot stand together."""
    yield from _of_list(args.get("expect", ()), may_be_any=False)
    for index, route in enumerate(args.get("routes", ())):
        for complaint in _of_list(route.get("expect", ()), may_be_any=True):
            yield complaint.under(f"routes[{index}]")


def _of_list(expected: Sequence[Mapping[str, Any]], *, may_be_any: bool) -> Iterator[Complaint]:
    for index, one in enumerate(expected):
        for complaint in _of_one(one, may_be_any=may_be_any):
            yield complaint.under(f"expect[{index}]")


def _of_one(expected: Mapping[str, Any], *, may_be_any: bool) -> Iterator[Complaint]:
    told = [field for field in _ANSWERS if field in expected]
    if not told and not may_be_any:
        yield Complaint("status", None, f"given, or another of {', '.join(_ANSWERS)}: what must come")
    for field in told if "refused" in expected else ():
        if field != "refused":
            yield Complaint(field, expected[field], "left out where refused is given: no answer comes then")
    if expected.get("trusts_server") is False and _plain(expected.get("refused")) != Refusal.HANDSHAKE.value:
        yield Complaint("refused", _plain(expected.get("refused")), "'handshake' where trusts_server is false")
    for field in ("headers", "request_headers", "response_headers"):
        for name in expected.get(field, ()) if known(expected.get(field)) else ():
            if not _NAME.fullmatch(name):
                yield Complaint(field, name, "a mapping by names of headers, such as 'x-tier'")
            if field == "headers" and name.lower() == "host":
                yield Complaint(field, name, "other headers than the host, which a whole address in request has")


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
