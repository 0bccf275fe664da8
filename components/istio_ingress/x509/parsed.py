"""What is in the blocks of PEM text: certificates, keys and revocation lists.

They are parsed by the `cryptography` package, an optional extra that is imported when it is needed.
"""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from istio_ingress.x509.pem import CHAIN, CRL, KEY, REVOCATION_LISTS, Kind, UnreadableError, found

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes


@dataclass(frozen=True, slots=True)
class Certificate:
    """What is asked of a certificate."""

    subject: str
    issuer: str
    names: tuple[str, ...]  #: subjectAltNames: DNS names in lower case, and addresses.
    not_before: datetime
    not_after: datetime
    key: str  #: `RSA 2048`, `EC P-256`, `Ed25519`.
    public_key: bytes
    is_ca: bool
    fingerprint: bytes
    parsed: x509.Certificate = field(compare=False, repr=False)

    def is_signed_by(self, other: Certificate) -> bool:
        """Whether the other one's key signed it, in the other one's name."""
        try:
            self.parsed.verify_directly_issued_by(other.parsed)
        except Exception:  # noqa: BLE001 - another name, another key, another kind of key
            return False
        return True

    @property
    def serves(self) -> bool:
        """Whether a server may show it: its extended key usage does not say otherwise."""
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID

        try:
            uses = self.parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            return True
        return bool({ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses))


def available() -> bool:
    """Whether what is in the blocks can be parsed here."""
    return importlib.util.find_spec("cryptography") is not None


@lru_cache(maxsize=4096)  # a CA bundle is often the same in many Secrets
def certificates(pem: bytes, kind: Kind = CHAIN) -> tuple[Certificate, ...]:
    """The certificates that Envoy finds in a text, in its order; at least one.

    Raises:
        UnreadableError: Envoy refuses the text.
    """
    blocks = found(pem, kind)
    for block in blocks:
        if block.label == CRL:
            _revocation_list(block.content)
    return tuple(certificate(block.content) for block in blocks if block.label != CRL)


def certificate(der: bytes) -> Certificate:
    """A certificate as a handshake shows it.

    Raises:
        UnreadableError: it is none.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = x509.load_der_x509_certificate(der)
            key = parsed.public_key()
            return Certificate(
                subject=parsed.subject.rfc4514_string(),
                issuer=parsed.issuer.rfc4514_string(),
                names=_names(parsed),
                not_before=parsed.not_valid_before_utc,
                not_after=parsed.not_valid_after_utc,
                key=key_name(key),
                public_key=public_bytes(key),
                is_ca=_is_ca(parsed),
                fingerprint=parsed.fingerprint(hashes.SHA256()),
                parsed=parsed,
            )
    except Exception:  # noqa: BLE001 - parsers raise many kinds, and their words may quote the text
        raise UnreadableError("a certificate that cannot be read") from None


def revocation_lists(pem: bytes) -> list[x509.CertificateRevocationList]:
    """The revocation lists that Envoy finds in a text, in its order; at least one.

    Raises:
        UnreadableError: Envoy refuses the text, or finds no list and then refuses every client.
    """
    return [_revocation_list(block.content) for block in found(pem, REVOCATION_LISTS)]


def private_key(pem: bytes, *, validated: bool = True) -> PrivateKeyTypes:
    """The private key that Envoy finds in a text.

    Args:
        pem: the text.
        validated: whether an RSA key's numbers are held against each other, which takes long.

    Raises:
        UnreadableError: there is none, it is encrypted, or it cannot be read.
    """
    from cryptography.hazmat.primitives import serialization

    (block,) = found(pem, KEY)
    try:
        return serialization.load_pem_private_key(
            block.text().encode(), password=None, unsafe_skip_rsa_key_validation=not validated
        )
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("a key that cannot be read") from None


def parse(pem: bytes, kind: Kind) -> None:
    """Look whether Envoy can load a text.

    Raises:
        UnreadableError: it cannot.
    """
    if kind is KEY:
        private_key(pem)
    elif kind is REVOCATION_LISTS:
        revocation_lists(pem)
    else:
        certificates(pem, kind)


def public_bytes(key: PublicKeyTypes) -> bytes:
    """A public key in the form in which certificates hold it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_name(key: PublicKeyTypes) -> str:
    """`RSA 2048`, `EC P-256`, `Ed25519`."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").strip("_")


_CURVES = {"secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def envoy_takes(key: str) -> bool:
    """Whether Envoy serves with such a key, by its `key_name` (envoyproxy/envoy#5318, #36369)."""
    kind, _space, size = key.partition(" ")
    return (kind == "RSA" and int(size) >= 2048) or (kind == "EC" and size in ("P-256", "P-384", "P-521"))


def day(moment: datetime) -> str:
    """A moment as a message says it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _revocation_list(der: bytes) -> x509.CertificateRevocationList:
    from cryptography import x509

    try:
        return x509.load_der_x509_crl(der)
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("a revocation list that cannot be read") from None


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
