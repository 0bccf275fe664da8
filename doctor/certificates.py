"""Certificates in words, and who issued whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from doctor.errors import DoctorError


@dataclass(frozen=True)
class Chain:
    """One certificate or several, the first of which is the one that counts."""

    certificates: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, content: bytes | str) -> Chain:
        """From PEM text, or from the DER of one certificate.

        Raises:
            DoctorError: it is neither. The message holds nothing of it.
        """
        raw = content.encode() if isinstance(content, str) else content
        try:
            if b"-----BEGIN" in raw:
                return cls(tuple(x509.load_pem_x509_certificates(raw)))
            return cls((x509.load_der_x509_certificate(raw),))
        except ValueError:
            raise DoctorError("this is no certificate.") from None

    @property
    def first(self) -> x509.Certificate:
        """The leaf of a chain, or the first of a bundle."""
        return self.certificates[0]

    @property
    def fingerprints(self) -> frozenset[bytes]:
        """Of every certificate; two bundles with the same ones are the same bundle."""
        return frozenset(certificate.fingerprint(hashes.SHA256()) for certificate in self.certificates)

    @property
    def pem(self) -> str:
        """As PEM text."""
        return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in self.certificates)

    def is_issued_by(self, bundle: Chain) -> bool:
        """Whether one of the bundle's certificates signed the end of this chain, or is in it."""
        return bool(self.fingerprints & bundle.fingerprints) or any(
            _signed(authority, certificate) for authority in bundle.certificates for certificate in self.certificates
        )

    def describe(self, now: datetime) -> str:
        """Subject, names, issuer and end of the first certificate."""
        names = self.names
        for_names = f" for {_some(names)}" if names else ""
        return f"{subject(self.first)}{for_names}, issued by {issuer(self.first)}, {self.ends(now)}"

    def ends(self, now: datetime) -> str:
        """When the first certificate ends, and how many days are left."""
        end = self.first.not_valid_after_utc
        days = (end - now).days
        return f"ends {end:%Y-%m-%d} ({days} days left)" if end > now else f"ended {end:%Y-%m-%d %H:%M} UTC"

    @property
    def names(self) -> list[str]:
        """The subjectAltNames of the first certificate."""
        try:
            names = self.first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def subject(certificate: x509.Certificate) -> str:
    """`CN=httpbin.example.com,O=httpbin organization`."""
    return certificate.subject.rfc4514_string() or "(no subject)"


def issuer(certificate: x509.Certificate) -> str:
    """The subject of the certificate's authority."""
    return certificate.issuer.rfc4514_string() or "(no subject)"


def _signed(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + rest
