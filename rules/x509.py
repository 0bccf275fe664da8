"""Certificates, keys and revocation lists in PEM, read by the `cryptography` package, which is imported when needed."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from rules.values import UnreadableError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the rules ask of a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]  #: subjectAltNames: DNS names in lower case, and addresses.
    not_before: datetime
    not_after: datetime
    key: str  #: `RSA 2048`, `EC P-256`, `Ed25519`.
    public_key: bytes
    is_ca: bool
    fingerprint: bytes


@lru_cache(maxsize=1)
def available() -> bool:
    """Whether certificates can be read here."""
    return importlib.util.find_spec("cryptography") is not None


@lru_cache(maxsize=4096)  # a CA bundle is often the same in many Secrets
def certificates(pem: bytes) -> tuple[Certificate, ...]:
    """The certificates in PEM text, in its order."""
    from cryptography import x509

    if b"-----BEGIN CERTIFICATE-----" not in pem:
        raise UnreadableError("there is no PEM certificate")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(_certificate(certificate) for certificate in x509.load_pem_x509_certificates(pem))
    except Exception:  # noqa: BLE001 - parsers raise many kinds, and their words may quote the input
        raise UnreadableError("the certificate cannot be parsed") from None


def public_key_of(pem: bytes) -> bytes:
    """The public half of a private key in PEM text, in the form that certificates hold it."""
    from cryptography.hazmat.primitives import serialization

    if b"PRIVATE KEY-----" not in pem:
        raise UnreadableError("there is no PEM private key")
    if b"ENCRYPTED" in pem:
        raise UnreadableError("the private key is encrypted")
    try:
        key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        return _public_bytes(key.public_key())
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("the private key cannot be parsed") from None


def next_update(pem: bytes) -> datetime | None:
    """When a certificate revocation list in PEM text goes stale; None when it never does."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_crl(pem).next_update_utc
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("the revocation list cannot be parsed") from None


def _certificate(certificate: x509.Certificate) -> Certificate:
    from cryptography.hazmat.primitives import hashes

    public_key = certificate.public_key()
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key=_key(public_key),
        public_key=_public_bytes(public_key),
        is_ca=_is_ca(certificate),
        fingerprint=certificate.fingerprint(hashes.SHA256()),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    dns = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    return (*dns, *map(str, names.get_values_for_type(x509.IPAddress)))


def _is_ca(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    if certificate.version is x509.Version.v1:
        return True  # before version 3 nothing could say otherwise
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _key(public_key: PublicKeyTypes) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(public_key, rsa.RSAPublicKey):
        return f"RSA {public_key.key_size}"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(public_key.curve.name, public_key.curve.name)}"
    return type(public_key).__name__.removesuffix("PublicKey").strip("_")


_CURVES = {"secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def _public_bytes(public_key: PublicKeyTypes) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
