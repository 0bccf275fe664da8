"""What happens to a request and its answer on the way: how long, how often, with which headers."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from .text_match import TextMatch


class Retries(TypedDict):
    """When a request is sent again (Istio's HTTPRetry)."""

    attempts: pulumi.Input[int]
    """How often at most, the first time not counted; 0: never."""

    per_try_timeout: NotRequired[pulumi.Input[str]]
    """How long each time, such as `2s`. Default: the route's timeout."""

    retry_on: NotRequired[Sequence[pulumi.Input[str]]]
    """After what: Envoy's words, such as `5xx`, `gateway-error`, `reset`, `connect-failure`, and statuses, such as
    `503`. Default: Istio's, which sends again only what no server can have begun to answer, and 503."""

    backoff: NotRequired[pulumi.Input[str]]
    """The least time between two, such as `100ms`. Default: 25ms, growing."""

    retry_remote_localities: NotRequired[pulumi.Input[bool]]
    """Whether other zones and regions are tried too. Default: false."""

    retry_ignore_previous_hosts: NotRequired[pulumi.Input[bool]]
    """Whether pods that failed are passed over. Default: true."""


class HeaderChanges(TypedDict):
    """What becomes of headers, by name; in values `%` begins one of Envoy's variables, and `%%` is a percent sign."""

    set: NotRequired[Mapping[str, pulumi.Input[str]]]
    """These headers have these values, whatever was there."""

    add: NotRequired[Mapping[str, pulumi.Input[str]]]
    """These values are added to what is there."""

    remove: NotRequired[Sequence[pulumi.Input[str]]]
    """These headers are taken away."""


class UnmatchedPreflights(Enum):
    """What becomes of a browser's question (OPTIONS) for an origin that may not."""

    FORWARD = "FORWARD"
    """The Service answers it, and may allow what the route does not: Istio's default."""

    IGNORE = "IGNORE"
    """The gateway answers it, and allows nothing."""


class Cors(TypedDict):
    """Which pages of other origins may use the answers in a browser (Istio's CorsPolicy)."""

    allow_origins: Sequence[TextMatch]
    """The origins that may, such as `{"exact": "https://shop.example"}`."""

    allow_methods: NotRequired[Sequence[pulumi.Input[str]]]
    """What they may send beside GET, HEAD and POST, such as `PUT`."""

    allow_headers: NotRequired[Sequence[pulumi.Input[str]]]
    """Which headers they may send."""

    expose_headers: NotRequired[Sequence[pulumi.Input[str]]]
    """Which headers of an answer they may read."""

    max_age: NotRequired[pulumi.Input[str]]
    """How long a browser may remember this, in whole seconds, such as `1h`. Default: the browser's own time."""

    allow_credentials: NotRequired[pulumi.Input[bool]]
    """Whether cookies and the like may be sent along. Default: false."""

    unmatched_preflights: NotRequired[UnmatchedPreflights]
    """What becomes of a browser's question for another origin. Default: the Service answers it."""


class FaultDelay(TypedDict):
    """Requests that wait before they are handed on."""

    fixed_delay: pulumi.Input[str]
    """How long, such as `5s`."""

    percent: NotRequired[pulumi.Input[float]]
    """How many of a hundred requests, 0 to 100. Default: 100."""


class FaultAbort(TypedDict):
    """Requests that are answered with an error instead: exactly one of the two statuses."""

    http_status: NotRequired[pulumi.Input[int]]
    """The status, 200 to 599."""

    grpc_status: NotRequired[pulumi.Input[str]]
    """The status of gRPC, such as `UNAVAILABLE`."""

    percent: NotRequired[pulumi.Input[float]]
    """How many of a hundred requests, 0 to 100. Default: 100."""


class Fault(TypedDict):
    """Faults made on purpose, to see what clients do: at least one of the two. Not for production."""

    delay: NotRequired[FaultDelay]
    """Requests that wait."""

    abort: NotRequired[FaultAbort]
    """Requests that fail."""
