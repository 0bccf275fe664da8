"""The one reader of PEM, certificates, keys and revocation lists: it reads them as Envoy does.

Imports the standard library; `cryptography` only to look into the blocks. Whoever judges or writes such text, here, in
`rules` or in `doctor`, asks this package.
"""

from istio_ingress.x509.parsed import (
    Certificate,
    available,
    certificate,
    certificates,
    day,
    envoy_takes,
    key_name,
    parse,
    private_key,
    public_bytes,
    revocation_lists,
)
from istio_ingress.x509.pem import BUNDLE, CHAIN, KEY, REVOCATION_LISTS, Kind, UnreadableError, passed_over
from istio_ingress.x509.writing import written

__all__ = [
    "BUNDLE",
    "CHAIN",
    "KEY",
    "REVOCATION_LISTS",
    "Certificate",
    "Kind",
    "UnreadableError",
    "available",
    "certificate",
    "certificates",
    "day",
    "envoy_takes",
    "key_name",
    "parse",
    "passed_over",
    "private_key",
    "public_bytes",
    "revocation_lists",
    "written",
]
