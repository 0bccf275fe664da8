"""What becomes of a request beside being handed on: sent elsewhere, answered at once, changed, copied."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi


class RedirectPort(Enum):
    """Where the port of a redirect's address comes from (Istio's `derivePort`)."""

    PROTOCOL = "FROM_PROTOCOL_DEFAULT"
    """80 for http, 443 for https."""

    REQUEST = "FROM_REQUEST_PORT"
    """The port that the client asked."""


class RedirectScheme(Enum):
    """The scheme of a redirect's address."""

    HTTP = "http"
    HTTPS = "https"


class Redirect(TypedDict):
    """Where the client is sent; what is left out stays as it asked. At least one field besides `status`."""

    path: NotRequired[pulumi.Input[str]]
    """The whole path of the new address; the query is kept."""

    hostname: NotRequired[pulumi.Input[str]]
    """The host of the new address."""

    port: NotRequired[pulumi.Input[int]]
    """The port of the new address."""

    derive_port: NotRequired[RedirectPort]
    """Where the port comes from, instead of `port`."""

    scheme: NotRequired[RedirectScheme]
    """Http or https."""

    status: NotRequired[pulumi.Input[int]]
    """301, 302, 303, 307 or 308. Default: 301."""


class DirectResponse(TypedDict):
    """An answer that the gateway gives itself."""

    status: pulumi.Input[int]
    """The status, 200 to 599."""

    body: NotRequired[pulumi.Input[str]]
    """The body, less than a megabyte. Default: empty."""


class Rewrite(TypedDict):
    """What the backend sees of the address instead of what the client asked. The path by one of three ways, or not."""

    prefix: NotRequired[pulumi.Input[str]]
    """Stands in for the prefix that the route matches, letter by letter: `/api/` becomes `/`. With only one of the two
    ending in a slash, `/api/x` becomes `//x`."""

    path: NotRequired[pulumi.Input[str]]
    """Stands in for the whole path, the query apart."""

    regex: NotRequired[pulumi.Input[str]]
    """Each part of the path that this expression (RE2) matches becomes the `substitution`."""

    substitution: NotRequired[pulumi.Input[str]]
    r"""With `regex`: a text, in which `\1` stands for the first group."""

    hostname: NotRequired[pulumi.Input[str]]
    """Stands in for the host (`Host`, `:authority`)."""


class Mirror(TypedDict):
    """A Service that gets a copy of the requests; its answers are thrown away."""

    service: pulumi.Input[str]
    """Its name, alone in the same namespace or `name.namespace.svc.cluster.local`."""

    port: pulumi.Input[int]
    """Its port's number."""

    subset: NotRequired[pulumi.Input[str]]
    """A subset that a DestinationRule of the Service names. Default: all its pods."""

    percent: NotRequired[pulumi.Input[float]]
    """How many of a hundred requests, 0 to 100. Default: all."""


class Delegate(TypedDict):
    """A VirtualService without hosts and gateways whose routes stand in here, each within this route's match."""

    name: pulumi.Input[str]
    """Its name."""

    namespace: NotRequired[pulumi.Input[str]]
    """Its namespace. Default: the same."""
