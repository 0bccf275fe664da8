"""What each argument's value must look like, by the field's name, which means one thing in every component.

The rules come from Kubernetes (DNS labels and names), Istio's secure gateway pages (credentials) and X.520 (lengths).
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple


class Check(NamedTuple):
    """What a value must satisfy, and how to say it after "must be"."""

    holds: Callable[[Any], bool]
    wanted: str


def _text(pattern: str, longest: int, wanted: str) -> Check:
    compiled = re.compile(pattern)
    return Check(lambda v: isinstance(v, str) and len(v) <= longest and compiled.fullmatch(v) is not None, wanted)


def _whole(least: int, most: int, wanted: str) -> Check:
    return Check(lambda v: type(v) is int and least <= v <= most, wanted)


_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_DNS_NAME = rf"(?!.*\.[0-9]+$){_LABEL}(\.{_LABEL})*"

_label = _text(_LABEL, 63, "a DNS label: at most 63 lower-case letters, digits and '-'")
OBJECT_NAME = _text(
    "[a-z]([-a-z0-9]{0,61}[a-z0-9])?", 63, "a DNS label that begins with a letter, such as 'my-httpbin'"
)
_dns_name = _text(_DNS_NAME, 253, "a DNS name in lower case, such as 'httpbin.example.com'")
_pattern = _text(rf"\*|(\*\.)?{_DNS_NAME}", 253, "a DNS name, '*.' and a DNS name, or '*', in lower case")
_path = _text(r"/\S*", 2048, "a path that begins with '/'")
_pem = _text(r"\s*-----BEGIN [\s\S]*-----\s*", 1_000_000, "text in PEM format")
# Istio's own pages forbid the two beginnings; a Secret whose name ends in -cacert can only ever serve a CA; those 7
# characters are kept free because the credential's CA may stand in `<credential>-cacert`.
_credential = _text(
    rf"(?!istio|prometheus)(?!.*-cacert$){_DNS_NAME}",
    246,
    "a Secret's bare name, not beginning with 'istio' or 'prometheus' and not ending in '-cacert'",
)
_secret = _text(_DNS_NAME, 253, "a Secret's bare name")
_days = _whole(1, 36_500, "a whole number of days from 1 to 36500")
_generation = _whole(1, 2**31, "a whole number from 1, raised by one to rotate")
_port = _whole(1, 65_535, "a port number from 1 to 65535")

VALUES: dict[str, Check] = {
    "bundle": _pem,
    "certificate": _pem,
    "cipher_suites": _text("[-+!@A-Z0-9_:]+", 64, "cipher suite names as OpenSSL writes them"),
    "client_ca": _pem,
    "common_name": _text(r"\S(.*\S)?", 64, "text of at most 64 characters (X.520 allows no more)"),
    "container_port": _whole(1024, 65_535, "a port number from 1024 to 65535"),
    "credential_name": _credential,
    "crl": _text(
        r"\s*-----BEGIN X509 CRL-----[\s\S]*-----\s*", 1_000_000, "certificate revocation lists in PEM format"
    ),
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
    "ingress_class": _text(_DNS_NAME, 253, "an IngressClass's name"),
    "leaf_generation": _generation,
    "max_leaf_days": _days,
    "mesh_hosts": _dns_name,
    "name": OBJECT_NAME,
    "namespace": _label,
    "organization": _text(r"\S(.*\S)?", 64, "text of at most 64 characters (X.520 allows no more)"),
    "path": _path,
    "port": _port,
    "prefix": _path,
    "private_key": _pem,
    "renew_before_days": _whole(0, 36_499, "a whole number of days from 0"),
    "replicas": _whole(0, 1000, "a whole number from 0 to 1000"),
    "sans": _text(rf"(\*\.)?{_DNS_NAME}", 253, "a DNS name, or '*.' and a DNS name, in lower case"),
    "serials": _text(
        "(?![0:]*$)([0-9A-Fa-f]{1,40}|([0-9A-Fa-f]{2}:){0,19}[0-9A-Fa-f]{2})",
        59,
        "a serial number in hexadecimal, as `openssl x509 -serial` prints it",
    ),
    "service": _dns_name,
    "service_name": OBJECT_NAME,
    "tls_secret": _secret,
    "validity_days": _days,
}
