"""What the values of routes and backends must look like: by the field's name, or by its type's and its own.

The rules come from Istio's validation of VirtualServices and DestinationRules, and from RFC 9110 (names of headers).
"""

import re
from typing import Any

from ..rules.http import CORS_METHODS, GRPC_CODES, RETRY_CONDITIONS, TOKEN
from ..rules.names import DNS_NAME, LABEL, LONGEST_LABEL, LONGEST_NAME
from ..rules.schema import regexes
from ..rules.schema.durations import MILLISECOND, SECOND, nanoseconds
from .values import VALUES, Check
from .values import _text as matching
from .values import _whole as whole


def _is_duration(value: Any) -> bool:
    length = nanoseconds(value) if isinstance(value, str) else None
    return length is not None and length >= MILLISECOND and length % MILLISECOND == 0


def _is_whole_seconds(value: Any) -> bool:
    return _is_duration(value) and (nanoseconds(value) or 0) % SECOND == 0


def _is_re2(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not regexes.fault(value)


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


_LONGEST_PAIR = LONGEST_LABEL + 1 + LONGEST_LABEL
_duration = Check(_is_duration, "a duration of a millisecond or more, such as '5s', '500ms' or '1m30s'")
_duration_or_0 = Check(lambda v: v == "0s" or _is_duration(v), "'0s', or a duration such as '1h'")
_regex = Check(_is_re2, "an expression as RE2 reads it: with every bracket closed, no look-around, no back-reference")
_text = matching(r"[^\x00-\x08\x0a-\x1f\x7f]+", 8192, "text on one line")
_status = whole(200, 599, "a status from 200 to 599")
_count = whole(1, 2**31 - 1, "a whole number from 1")
_from_0 = whole(0, 2**31 - 1, "a whole number from 0")
_percent = whole(0, 100, "a whole number from 0 to 100")
_share = Check(_is_share, "a number from 0 to 100")
_header = matching(TOKEN, 256, "a header's name, such as 'x-tier'")
_address = matching(r"https?://[^\s/]\S*", 8192, "a whole address, such as 'https://shop.example/new'")
_method = matching(TOKEN, 32, "a method, such as 'GET'")

ROUTE_VALUES: dict[str, Check] = {
    "allow_headers": _header,
    "allow_methods": matching("|".join(map(re.escape, CORS_METHODS)), 8, "a method in upper case, such as 'PUT'"),
    "attempts": _from_0,
    "backoff": _duration,
    "export_to": matching(rf"[.*]|{LABEL}", LONGEST_LABEL, "a namespace's name, '.' for its own, or '*' for all"),
    "expose_headers": _header,
    "fixed_delay": _duration,
    "further_hosts": VALUES["host"],
    "gateways": matching(rf"mesh|((\.|{LABEL})/)?{LABEL}", _LONGEST_PAIR, "`namespace/name`, a name, or 'mesh'"),
    "grpc_status": matching("|".join(GRPC_CODES), 32, "a status of gRPC, such as 'UNAVAILABLE'"),
    "hostname": matching(
        rf"{DNS_NAME}(:[0-9]{{1,5}})?", LONGEST_NAME + 6, "a DNS name in lower case, such as 'shop.example'"
    ),
    "http_status": _status,
    "max_age": Check(_is_whole_seconds, "a duration in whole seconds, such as '1h'"),
    "methods": _method,
    "per_try_timeout": _duration,
    "percent": _share,
    "regex": _regex,
    "remove": _header,
    "retry_on": matching(
        rf"{'|'.join(RETRY_CONDITIONS)}|[1-5][0-9][0-9]",
        32,
        "one of Envoy's words, such as '5xx' or 'reset', or a status",
    ),
    "server_port": whole(1, 65_535, "a port number from 1 to 65535"),
    "source_namespace": matching(LABEL, LONGEST_LABEL, "a namespace's name"),
    "status": _status,
    "subset": matching(LABEL, LONGEST_LABEL, "a DNS label, such as 'v2'"),
    "substitution": _text,
    "timeout": _duration,
    "base_ejection_time": _duration,
    "ca_certificate": VALUES["bundle"],
    "connect_timeout": _duration,
    "consecutive_5xx_errors": _from_0,
    "consecutive_gateway_errors": _from_0,
    "destination_rule_name": matching(DNS_NAME, LONGEST_NAME, "a DestinationRule's name"),
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
    "sni": matching(DNS_NAME, LONGEST_NAME, "a DNS name in lower case, such as 'shop.example'"),
    "subject_alt_names": _text,
    "virtual_service_name": matching(DNS_NAME, LONGEST_NAME, "a VirtualService's name"),
    "weight": _from_0,
    "Delegate.name": matching(DNS_NAME, LONGEST_NAME, "a VirtualService's name"),
    "HashCookie.name": _header._replace(wanted="a cookie's name"),
    "HashCookie.ttl": _duration_or_0,
    "DirectResponse.body": Check(
        lambda v: isinstance(v, str) and len(v.encode()) < 1_000_000, "text of less than a megabyte"
    ),
    "HeaderChanges.add": _text,
    "HeaderChanges.set": _text,
    "Expectation.body": _text,
    "Expectation.client_certificate": matching(LABEL, LONGEST_LABEL, "a client's name, a DNS label"),
    "Expectation.headers": _text,
    "Expectation.location": _address,
    "Expectation.query": _text,
    "Expectation.request": matching(rf"({TOKEN} )?(/|https?://[^\s/])\S*", 8192, "as in 'GET /cart?page=2'"),
    "Expectation.request_headers": _text,
    "Expectation.response_headers": _text,
    "Expectation.status": whole(100, 599, "a status from 100 to 599"),
    "SharedGateway.hosts": matching(
        rf"(([.*]|{LABEL})/)?(\*|(\*\.)?{DNS_NAME})",
        LONGEST_LABEL + 1 + LONGEST_NAME,
        "a DNS name, '*.' and a DNS name, or '*', in lower case",
    ),
    "SharedGateway.name": matching(rf"{LABEL}/{LABEL}", _LONGEST_PAIR, "`namespace/name`"),
    "Redirect.status": Check(lambda v: v in (301, 302, 303, 307, 308), "301, 302, 303, 307 or 308"),
    "TcpPool.idle_timeout": _duration_or_0,
    "TextMatch.exact": _text,
    "TextMatch.prefix": _text,
}
