"""What each argument's value must look like, by the field's name, which means one thing in every component.

The rules come from Kubernetes (DNS labels and names), Istio's secure gateway pages (credentials) and X.520 (lengths).
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..refusal import NOT_SHOWN
from ..rules.credential_keys import CA_SUFFIX, CONFIG_MAP, LONGEST_CREDENTIAL
from ..rules.hosts import is_ip_address
from ..rules.names import DNS_NAME, LABEL, LONGEST_LABEL, LONGEST_NAME, LONGEST_PLACE, LONGEST_SUBJECT


class Check(NamedTuple):
    """What a value must satisfy, and how to say it after "must be"."""

    holds: Callable[[Any], bool]
    wanted: str
    shown: Callable[[Any], object] = lambda value: value
    """What a refusal shows of a wrong one."""


def _text(pattern: str, longest: int, wanted: str) -> Check:
    compiled = re.compile(pattern)
    return Check(lambda v: isinstance(v, str) and len(v) <= longest and compiled.fullmatch(v) is not None, wanted)


def _whole(least: int, most: int, wanted: str) -> Check:
    return Check(lambda v: type(v) is int and least <= v <= most, wanted)


_DNS_NAME = rf"(?!.*\.[0-9]+$){DNS_NAME}"
_LONGEST_QUALIFIED = LONGEST_LABEL + 1 + LONGEST_NAME  # a namespace's name, a slash, a name

_label = _text(LABEL, LONGEST_LABEL, f"a DNS label: at most {LONGEST_LABEL} lower-case letters, digits and '-'")
OBJECT_NAME = _text(rf"(?=[a-z]){LABEL}", LONGEST_LABEL, "a DNS label that begins with a letter, such as 'my-httpbin'")
_dns_name = _text(_DNS_NAME, LONGEST_NAME, "a DNS name in lower case, such as 'httpbin.example.com'")
_pattern = _text(
    rf"((\*|\.|{LABEL})/)?(\*|(\*\.)?{_DNS_NAME})",
    _LONGEST_QUALIFIED,
    "a DNS name, '*.' and a DNS name, or '*', in lower case, alone or after a namespace and '/'",
)
_san = _text(rf"(\*\.)?{_DNS_NAME}", LONGEST_NAME, "a DNS name, or '*.' and a DNS name, in lower case")
_path = _text(r"/\S*", 2048, "a path that begins with '/'")
# Refuses only what cannot be such text: `given_certificates` reads it. Nothing long is shown, as it may be a key.
_pem = _text(r"[\s\S]*-----[\s\S]*", 1_000_000, "text in PEM format")._replace(
    shown=lambda value: value if len(repr(value)) <= 40 else NOT_SHOWN
)
_credential = _text(
    rf"(?!.*{CA_SUFFIX}$){_DNS_NAME}",
    LONGEST_CREDENTIAL,
    f"a Secret's bare name, not ending in '{CA_SUFFIX}'",
)
_secret = _text(_DNS_NAME, LONGEST_NAME, "a Secret's bare name")
_x520 = _text(r"\S(.*\S)?", LONGEST_SUBJECT, f"text of at most {LONGEST_SUBJECT} characters (X.520 allows no more)")
_x520_long = _text(r"\S(.*\S)?", LONGEST_PLACE, f"text of at most {LONGEST_PLACE} characters (X.520 allows no more)")
_uri = _text(r"[a-z][-+.a-z0-9]*://\S+", 2048, "a URI")
_days = _whole(1, 36_500, "a whole number of days from 1 to 36500")
_generation = _whole(1, 2**31, "a whole number from 1, raised by one to rotate")
_port = _whole(1, 65_535, "a port number from 1 to 65535")

VALUES: dict[str, Check] = {
    "Client.sans": Check(
        lambda v: isinstance(v, str) and (_uri.holds(v) or _san.holds(v) or is_ip_address(v)),
        "a DNS name, a URI such as 'spiffe://shop.example/cart', or an IP address",
    ),
    "bind": Check(lambda v: isinstance(v, str) and is_ip_address(v), "an IP address"),
    "bundle": _pem,
    "certificate": _pem,
    "chain": _pem,
    "cipher_suites": _text("[-+!@A-Z0-9_:]+", 64, "cipher suite names as OpenSSL writes them"),
    "client_ca": _pem,
    "client_ca_credential": _text(
        rf"({CONFIG_MAP}{LABEL}/)?{_DNS_NAME}",
        len(CONFIG_MAP) + _LONGEST_QUALIFIED,
        f"a Secret's bare name, or '{CONFIG_MAP}namespace/name'",
    ),
    "client_names": _text(r"\S(.*\S)?", 2048, "a name as a certificate has it (subjectAltName)"),
    "common_name": _x520,
    "country": _text("[A-Z]{2}", 2, "two capital letters, such as 'DE'"),
    "container_port": _whole(1024, 65_535, "a port number from 1024 to 65535"),
    "credential_name": _credential,
    "crl": _pem._replace(wanted="certificate revocation lists in PEM format"),
    "exact": _path,
    "existing_certificate": _secret,
    "existing_credential": _credential,
    "gateway_name": OBJECT_NAME,
    "generation": _generation,
    "host": _pattern,
    "hosts": _pattern,
    "http_port": _port,
    "https_port": _port,
    "image": _text(r"\S+", 512, "an image reference"),
    "ingress_class": _text(_DNS_NAME, LONGEST_NAME, "an IngressClass's name"),
    "leaf_generation": _generation,
    "locality": _x520_long,
    "max_leaf_days": _days,
    "mesh_hosts": _dns_name,
    "name": OBJECT_NAME,
    "namespace": _label,
    "organization": _x520,
    "organizational_unit": _x520,
    "path": _path,
    "port": _port,
    "port_name": _label,
    "path_prefix": _path,
    "prefix": _path,
    "private_key": _pem,
    "province": _x520_long,
    "renew_before_days": _whole(0, 36_499, "a whole number of days from 0"),
    "replicas": _whole(0, 1000, "a whole number from 0 to 1000"),
    "sans": Check(
        lambda v: isinstance(v, str) and (_san.holds(v) or is_ip_address(v)),
        "a DNS name, '*.' and a DNS name, or an IP address, in lower case",
    ),
    "serials": _text(
        "(?![0:]*$)([0-9A-Fa-f]{1,40}|([0-9A-Fa-f]{2}:){0,19}[0-9A-Fa-f]{2})",
        59,
        "a serial number in hexadecimal, as `openssl x509 -serial` prints it",
    ),
    "service": _dns_name,
    "service_name": OBJECT_NAME,
    "tls_secret": _secret._replace(wanted="a Secret's bare name; tls_secrets has one for each host"),
    "tls_secrets": _secret,
    "validity_days": _days,
}
