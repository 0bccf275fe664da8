"""Who gave an answer, the gateway or what stands behind it, and what Envoy's own words in it mean."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from istio_ingress.live.client import Answer


class By(Enum):
    """Who answered."""

    GATEWAY = "the gateway"
    BACKEND = "the backend"


class Cause(Enum):
    """What a body says, in Envoy's words or those of web servers."""

    POLICY = "an AuthorizationPolicy refuses it"
    TOKEN = "its token is refused, or there is none"  # noqa: S105
    NO_ENDPOINT = "there is no healthy endpoint"
    TLS_REFUSED = "the TLS handshake with the backend fails"
    NOT_VERIFIED = "the backend's certificate is not the expected one"
    PLAIN = "the gateway speaks TLS to the backend, and that speaks plain"
    NO_CONNECTION = "nothing takes the gateway's connection at the backend's port"
    CONNECTION_FAILS = "the connection to the backend's port fails"
    UNREACHABLE = "the backend's address does not answer"
    CLOSED = "the backend closes the connection without an answer"
    PROTOCOL = "the backend does not speak the HTTP version that the gateway speaks to it"
    FULL = "a limit on connections or requests is reached"
    LATE = "the backend does not answer in time"
    FAULT = "a fault is injected"
    RATE = "a rate limit is reached"
    WANTS_TLS = "the backend wants TLS, and the gateway speaks plain HTTP to it"
    UNNAMED = ""


class _Words(NamedTuple):
    pattern: str
    cause: Cause


#: The first that fits counts. Envoy's are from its source: source/common/router, source/extensions/filters/http.
_OF_ENVOY = (
    _Words(r"RBAC: access denied", Cause.POLICY),
    _Words(r"Jwt |Audiences in Jwt|Jwks ", Cause.TOKEN),
    _Words(r"no healthy upstream", Cause.NO_ENDPOINT),
    _Words(r"WRONG_VERSION_NUMBER", Cause.PLAIN),
    _Words(r"CERTIFICATE_VERIFY_FAILED|verify cert failed|SAN matcher", Cause.NOT_VERIFIED),
    _Words(r"TLS.error|TLS_error|SSL error", Cause.TLS_REFUSED),
    _Words(r"upstream request timeout|stream timeout", Cause.LATE),
    _Words(r"connection.timeout", Cause.UNREACHABLE),
    _Words(r"Connection refused|connect error: 111", Cause.NO_CONNECTION),
    _Words(r"connection.failure", Cause.CONNECTION_FAILS),
    _Words(r"protocol.error", Cause.PROTOCOL),
    _Words(r"connection.termination|remote.reset|local.reset", Cause.CLOSED),
    _Words(r"overflow", Cause.FULL),
    _Words(r"local_rate_limited", Cause.RATE),
)
#: Of nginx, Go, Apache, Tomcat, Jetty, Netty and Envoy where they take TLS only.
_WANTS_TLS = re.compile(
    r"plain HTTP request was sent to HTTPS port|HTTP request to an HTTPS server|speaking plain HTTP to an SSL"
    r"|combination of host and port requires TLS|plain-text http to https|requires? (TLS|SSL|HTTPS)",
    re.IGNORECASE,
)
#: All of the body where a fault is injected.
_ABORTED = "fault filter abort"
_TIME_BEHIND = "x-envoy-upstream-service-time"


def is_handed_on(answer: Answer) -> bool:
    """Whether it certainly came from behind: the gateway writes how long that took into what it hands on."""
    return _TIME_BEHIND in answer.headers


def is_of_envoy(answer: Answer) -> bool:
    """Whether it came through Envoy, whoever wrote it."""
    return "envoy" in answer.headers.get("server", "")


def who(answer: Answer) -> By:
    """Who answered, as far as the answer shows it."""
    if is_handed_on(answer):
        return By.BACKEND
    is_its_own = not answer.body or cause(answer) not in (Cause.UNNAMED, Cause.WANTS_TLS)
    return By.GATEWAY if is_of_envoy(answer) and is_its_own else By.BACKEND


def cause(answer: Answer) -> Cause:
    """What the body says about why it is no answer of a route."""
    if answer.status == 400 and _WANTS_TLS.search(answer.body):
        return Cause.WANTS_TLS
    if answer.body == _ABORTED:
        return Cause.FAULT  # with any status: gRPC's own ones come as 200
    if answer.status < 400:
        return Cause.UNNAMED
    return next((one.cause for one in _OF_ENVOY if re.search(one.pattern, answer.body)), Cause.UNNAMED)
