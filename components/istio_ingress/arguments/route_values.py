"""What the values of routes and backends must look like: by the field's name, or by its type's and its own.

The rules come from Istio's validation of VirtualServices and DestinationRules, and from RFC 9110 (names of headers).
"""

import re
from typing import Any

from .values import VALUES, Check
from .values import _text as matching
from .values import _whole as whole

_UNIT_MILLISECONDS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[hms])")
_TOKEN = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"  # noqa: S105 - RFC 9110's word for such a text
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_NOT_RE2 = re.compile(r"\(\?<?[=!]|(?<!\\)(?:\\\\)*\\[1-9]")
# Of Python's complaints about an expression, those about what is wrong in RE2 as well.
_BROKEN = ("missing )", "unbalanced parenthesis", "unterminated character set", "nothing to repeat")


def milliseconds(duration: str) -> float | None:
    """A duration as Istio writes it (`1m30s`, `500ms`) in milliseconds; None where it is none."""
    if not re.fullmatch(rf"({_DURATION.pattern})+", duration):
        return None
    return sum(float(number) * _UNIT_MILLISECONDS[unit] for number, unit in _DURATION.findall(duration))


def _is_duration(value: Any) -> bool:
    length = milliseconds(value) if isinstance(value, str) else None
    return length is not None and length >= 1 and abs(length - round(length)) < 1e-6


def _is_whole_seconds(value: Any) -> bool:
    return _is_duration(value) and (milliseconds(value) or 0) % 1000 == 0


def _is_re2(value: Any) -> bool:
    if not isinstance(value, str) or not value or len(value) > 65_536:
        return False
    if _NOT_RE2.search(_CLASS.sub("", value)):
        return False
    try:
        re.compile(value)
    except re.error as error:  # Python's expressions are others than RE2's in much
        return not error.msg.startswith(_BROKEN)
    return True


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


_RETRY_ON = (
    "5xx",
    "gateway-error",
    "reset",
    "reset-before-request",
    "connect-failure",
    "retriable-4xx",
    "refused-stream",
    "retriable-status-codes",
    "retriable-headers",
    "envoy-ratelimited",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
)
_GRPC_STATUSES = (
    "OK|CANCELLED|UNKNOWN|INVALID_ARGUMENT|DEADLINE_EXCEEDED|NOT_FOUND|ALREADY_EXISTS|PERMISSION_DENIED|UNAUTHENTICATED|"
    "RESOURCE_EXHAUSTED|FAILED_PRECONDITION|ABORTED|OUT_OF_RANGE|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"
)
_label = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_dns_name = rf"{_label}(\.{_label})*"
_duration = Check(_is_duration, "a duration of a millisecond or more, such as '5s', '500ms' or '1m30s'")
_duration_or_0 = Check(lambda v: v == "0s" or _is_duration(v), "'0s', or a duration such as '1h'")
_regex = Check(_is_re2, "an expression as RE2 reads it: with every bracket closed, no look-around, no back-reference")
_text = matching(r"[^\x00-\x08\x0a-\x1f\x7f]+", 8192, "text on one line")
_status = whole(200, 599, "a status from 200 to 599")
_count = whole(1, 2**31 - 1, "a whole number from 1")
_from_0 = whole(0, 2**31 - 1, "a whole number from 0")
_percent = whole(0, 100, "a whole number from 0 to 100")
_share = Check(_is_share, "a number from 0 to 100")
_header = matching(_TOKEN, 256, "a header's name, such as 'x-tier'")
_address = matching(r"https?://[^\s/]\S*", 8192, "a whole address, such as 'https://shop.example/new'")
_method = matching(_TOKEN, 32, "a method, such as 'GET'")

ROUTE_VALUES: dict[str, Check] = {
    "allow_headers": _header,
    "allow_methods": matching(
        "GET|HEAD|POST|PUT|PATCH|DELETE|CONNECT|OPTIONS|TRACE|[*]", 8, "a method in upper case, such as 'PUT'"
    ),
    "attempts": _from_0,
    "backoff": _duration,
    "export_to": matching(rf"[.*]|{_label}", 63, "a namespace's name, '.' for its own, or '*' for all"),
    "expose_headers": _header,
    "fixed_delay": _duration,
    "further_hosts": VALUES["host"],
    "gateways": matching(rf"mesh|((\.|{_label})/)?{_label}", 127, "`namespace/name`, a name, or 'mesh'"),
    "grpc_status": matching(_GRPC_STATUSES, 32, "a status of gRPC, such as 'UNAVAILABLE'"),
    "hostname": matching(rf"{_dns_name}(:[0-9]{{1,5}})?", 260, "a DNS name in lower case, such as 'shop.example'"),
    "http_status": _status,
    "max_age": Check(_is_whole_seconds, "a duration in whole seconds, such as '1h'"),
    "methods": _method,
    "per_try_timeout": _duration,
    "percent": _share,
    "regex": _regex,
    "remove": _header,
    "retry_on": matching(
        rf"{'|'.join(_RETRY_ON)}|[1-5][0-9][0-9]", 32, "one of Envoy's words, such as '5xx' or 'reset', or a status"
    ),
    "server_port": whole(1, 65_535, "a port number from 1 to 65535"),
    "source_namespace": matching(_label, 63, "a namespace's name"),
    "status": _status,
    "subset": matching(_label, 63, "a DNS label, such as 'v2'"),
    "substitution": _text,
    "timeout": _duration,
    "base_ejection_time": _duration,
    "ca_certificate": VALUES["bundle"],
    "connect_timeout": _duration,
    "consecutive_5xx_errors": _from_0,
    "consecutive_gateway_errors": _from_0,
    "destination_rule_name": matching(_dns_name, 253, "a DestinationRule's name"),
    "duration": _duration,
    "http1_max_pending_requests": _count,
    "http2_max_requests": _count,
    "http_header_name": _header,
    "http_query_parameter_name": _text,
    "idle_timeout": _duration,
    "interval": _duration,
    "max_concurrent_streams": _count,
    "max_connection_duration": _duration,
    "max_connections": _count,
    "max_ejection_percent": _percent,
    "max_requests_per_connection": _from_0,
    "max_retries": _count,
    "min_health_percent": _percent,
    "sni": matching(_dns_name, 253, "a DNS name in lower case, such as 'shop.example'"),
    "subject_alt_names": _text,
    "virtual_service_name": matching(_dns_name, 253, "a VirtualService's name"),
    "weight": _from_0,
    "Delegate.name": matching(_dns_name, 253, "a VirtualService's name"),
    "HashCookie.name": _header._replace(wanted="a cookie's name"),
    "HashCookie.ttl": _duration_or_0,
    "DirectResponse.body": Check(
        lambda v: isinstance(v, str) and len(v.encode()) < 1_000_000, "text of less than a megabyte"
    ),
    "HeaderChanges.add": _text,
    "HeaderChanges.set": _text,
    "Expectation.body": _text,
    "Expectation.client_certificate": matching(_label, 63, "a client's name, a DNS label"),
    "Expectation.headers": _text,
    "Expectation.location": _address,
    "Expectation.query": _text,
    "Expectation.request": matching(rf"({_TOKEN} )?(/|https?://[^\s/])\S*", 8192, "as in 'GET /cart?page=2'"),
    "Expectation.request_headers": _text,
    "Expectation.response_headers": _text,
    "Expectation.status": whole(100, 599, "a status from 100 to 599"),
    "SharedGateway.hosts": matching(
        rf"(([.*]|{_label})/)?(\*|(\*\.)?{_dns_name})", 320, "a DNS name, '*.' and a DNS name, or '*', in lower case"
    ),
    "SharedGateway.name": matching(rf"{_label}/{_label}", 127, "`namespace/name`"),
    "Redirect.status": Check(lambda v: v in (301, 302, 303, 307, 308), "301, 302, 303, 307 or 308"),
    "TcpPool.idle_timeout": _duration_or_0,
    "TextMatch.exact": _text,
    "TextMatch.prefix": _text,
}
