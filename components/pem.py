"""What stands in PEM text: certificates, their keys and revocation lists.

They are read by the `cryptography` package, an optional extra that is imported when something must be read.
"""

import importlib.util
import re
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


class Said(str):
    """Words that a refusal shows as they are, where a value stands in quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class UnreadableError(ValueError):
    """Text that is not the PEM it should be. The message never quotes it: it may be a key."""


def demand_reader(component: str, name: str, field: str) -> None:
    """End the program with a sentence where the package that reads PEM is not installed.

    Raises:
        pulumi.RunError: it is not.
    """
    if importlib.util.find_spec("cryptography") is None:
        wanted = "needs the Python package cryptography: `pip install 'istio-ingress[certificates]'`"
        raise pulumi.RunError(f'{component} "{name}": {field} {wanted}.')


def certificates(text: str) -> Sequence["x509.Certificate"]:
    """The certificates in PEM text, in its order; at least one.

    Raises:
        UnreadableError: there is none, or one cannot be read.
    """
    from cryptography import x509

    blocks = _blocks(text, "CERTIFICATE")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [x509.load_pem_x509_certificate(block) for block in blocks]
    except Exception:  # noqa: BLE001 - parsers raise many kinds, and their words may quote the text
        raise UnreadableError("a certificate that cannot be read") from None


def revocation_lists(text: str) -> Sequence["x509.CertificateRevocationList"]:
    """The revocation lists in PEM text, in its order; at least one.

    Raises:
        UnreadableError: there is none, or one cannot be read.
    """
    from cryptography import x509

    blocks = _blocks(text, "X509 CRL")
    try:
        return [x509.load_pem_x509_crl(block) for block in blocks]
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("a revocation list that cannot be read") from None


def private_key(text: str) -> "PrivateKeyTypes":
    """The private key in PEM text.

    Raises:
        UnreadableError: there is none, it is encrypted, or it cannot be read.
    """
    from cryptography.hazmat.primitives import serialization

    if "ENCRYPTED" in text:
        raise UnreadableError("an encrypted key")
    try:
        return serialization.load_pem_private_key(text.encode(), password=None)
    except Exception:  # noqa: BLE001 - as above
        raise UnreadableError("a key that cannot be read") from None


def same_key(one: "PublicKeyTypes", other: "PublicKeyTypes") -> bool:
    """Whether two public keys are one."""
    return _encoded(one) == _encoded(other)


def envoy_takes(key: "PublicKeyTypes") -> bool:
    """Whether Envoy serves with such a key."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in {"secp256r1", "secp384r1", "secp521r1"}


def subject(certificate: "x509.Certificate") -> str:
    """Whose certificate it is, as openssl prints it."""
    return certificate.subject.rfc4514_string()


def day(moment: datetime) -> str:
    """A moment as a message says it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _encoded(key: "PublicKeyTypes") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _blocks(text: str, label: str) -> list[bytes]:
    found = [block[0].encode() for block in _BLOCK.finditer(text) if block[1] == label]
    if not found:
        raise UnreadableError(f"a text without '-----BEGIN {label}-----'")
    return found
