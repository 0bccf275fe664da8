"""Certificates for tests that need a real handshake or a real chain."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Short, so that code which takes local time for UTC is found out at either end of the world.
SKEW, HALF_A_DAY = timedelta(minutes=5), timedelta(hours=12)


@dataclass(frozen=True)
class Pair:
    certificate: str
    key: str


class Authority:
    """A CA that issues leaves for one name each; `above` is the one that signed it, if it is no root."""

    def __init__(self, common_name: str, *, key=None, above: "Authority | None" = None, days: int = 10) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        self._certificate = (above or self)._sign(self._name, self._key, ca=True, names=[], days=days)
        self.certificate, self.key = _pem(self._certificate), _key_pem(self._key)

    def issue(self, host: str, *, days: int = 5, key=None) -> Pair:
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._sign(subject, key, ca=False, names=[host], days=days)
        return Pair(_pem(certificate), _key_pem(key))

    def revocations(self, *revoked: Pair, start: datetime | None = None, end: datetime | None = None) -> str:
        """The authority's revocation list; current if no times are given."""
        now = datetime.now(UTC)
        start = start or min(now, end or now) - SKEW
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._name)
            .last_update(start)
            .next_update(end or now + HALF_A_DAY)
        )
        for pair in revoked:
            serial = x509.load_pem_x509_certificate(pair.certificate.encode()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - SKEW)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()

    def _sign(self, subject, key, *, ca, names, days):
        start = datetime.now(UTC) + min(timedelta(0), timedelta(days=days)) - SKEW
        builder = (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(datetime.now(UTC) + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), False)
        return builder.sign(self._key, hashes.SHA256())


def _key_pem(key) -> str:
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*encoding).decode()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
