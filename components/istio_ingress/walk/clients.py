"""Whether a gateway takes the certificate that a client shows, as Envoy verifies it."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from istio_ingress import x509
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.x509 import BUNDLE, Certificate, UnreadableError


def refuses(pem: str, ca: Secret, tls: Node, now: datetime | None) -> str:
    """Why a certificate is not taken; empty when it is.

    Args:
        pem: The client's certificate, and the intermediates that it sends along.
        ca: The Secret with the CA bundle, and a revocation list if there is one.
        tls: The server's TLS settings.
        now: When it is shown.

    Raises:
        NotKnownError: the client's certificate or the Secret cannot be read, or it is not said when.
    """
    if not x509.available():
        raise NotKnownError("the package cryptography is missing, which verifies the client's certificate")
    try:
        leaf, *between = x509.certificates(pem.encode())
        key, crl = ca.ca_keys or ("", "")
        bundle = x509.certificates(ca.value(key), BUNDLE)
        revoked = x509.revocation_lists(ca.value(crl)) if ca.has(crl) else []
    except UnreadableError as error:
        raise NotKnownError(f"the client's certificate cannot be verified by {ca}: {error}") from None
    if tls.flag("insecureSkipVerify"):
        return ""
    if now is None:
        raise NotKnownError("it is not said when the client's certificate is shown")
    if not leaf.not_before <= now <= leaf.not_after:
        return f"the client's certificate is in force from {leaf.not_before} to {leaf.not_after}"
    if not _is_chained(leaf, between, bundle):
        return f"the client's certificate is of no CA in {ca}"
    if any(one.get_revoked_certificate_by_serial_number(leaf.parsed.serial_number) for one in revoked):
        return f"{ca} has the client's certificate revoked"
    return _unlike(leaf, tls)


def _is_chained(leaf: Certificate, between: list[Certificate], bundle: tuple[Certificate, ...]) -> bool:
    """Whether one of the bundle signed it, or one that is sent along and itself is signed so."""
    if any(leaf.is_signed_by(one) for one in bundle):
        return True
    some = [one for one in between if leaf.is_signed_by(one)]
    return any(_is_chained(one, [other for other in between if other is not one], bundle) for one in some)


def _unlike(leaf: Certificate, tls: Node) -> str:
    wanted = [name.lower() for name in tls.texts("subjectAltNames")]
    if wanted and not set(wanted) & set(leaf.names):
        return f"the client's certificate has none of the subjectAltNames {', '.join(wanted)}"
    hashes = [one.replace(":", "").lower() for one in tls.texts("verifyCertificateHash")]
    keys = tls.texts("verifyCertificateSpki")
    key = base64.b64encode(hashlib.sha256(leaf.public_key).digest()).decode()
    if (hashes or keys) and leaf.fingerprint.hex() not in hashes and key not in keys:
        return "the client's certificate has none of the hashes that the server names"
    return ""
