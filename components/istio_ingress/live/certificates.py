"""Certificates in words, and who issued whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from istio_ingress import x509
from istio_ingress.live.errors import LiveError
from istio_ingress.x509 import BUNDLE, Certificate, UnreadableError


@dataclass(frozen=True)
class Chain:
    """One certificate or several, the first of which is the one that counts."""

    certificates: tuple[Certificate, ...]

    @classmethod
    def read(cls, content: bytes | str) -> Chain:
        """From PEM text as Envoy reads it, or from the DER of one certificate.

        Raises:
            LiveError: it is neither. The message holds nothing of it.
        """
        raw = content.encode() if isinstance(content, str) else content
        try:
            return cls(x509.certificates(raw, BUNDLE) if b"-----BEGIN" in raw else (x509.certificate(raw),))
        except UnreadableError:
            raise LiveError("this is no certificate.") from None

    @property
    def first(self) -> Certificate:
        """The leaf of a chain, or the first of a bundle."""
        return self.certificates[0]

    @property
    def fingerprints(self) -> frozenset[bytes]:
        """Of every certificate; two bundles with the same ones are the same bundle."""
        return frozenset(certificate.fingerprint for certificate in self.certificates)

    def is_issued_by(self, bundle: Chain) -> bool:
        """Whether one of the bundle's certificates signed the end of this chain, or is in it."""
        return bool(self.fingerprints & bundle.fingerprints) or any(
            certificate.is_signed_by(authority)
            for authority in bundle.certificates
            for certificate in self.certificates
        )

    @property
    def names(self) -> list[str]:
        """The subjectAltNames of the first certificate."""
        return list(self.first.names)

    def describe(self, now: datetime) -> str:
        """Subject, names, issuer and end of the first certificate."""
        names = self.names
        for_names = f" for {_some(names)}" if names else ""
        return f"{subject(self.first)}{for_names}, issued by {self.first.issuer or _NOBODY}, {self.ends(now)}"

    def ends(self, now: datetime) -> str:
        """When the first certificate ends, and how many days are left."""
        end = self.first.not_after
        days = (end - now).days
        return f"ends {end:%Y-%m-%d} ({days} days left)" if end > now else f"ended {x509.day(end)}"


_NOBODY = "(no subject)"


def subject(certificate: Certificate) -> str:
    """`CN=httpbin.example.com,O=httpbin organization`."""
    return certificate.subject or _NOBODY


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(names[:4]) + rest
