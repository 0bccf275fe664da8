"""Certificate revocation lists: signed with our authorities' keys, or given; checked before a gateway reads them.

pulumi-tls makes none, so the `cryptography` package signs them here, in the program: the key comes as a secret Output,
and only the list, which is public, leaves again. The same arguments give the same bytes (deterministic signatures,
times on a fixed grid), or else every preview would show a change.

Envoy asks for a current list of every authority as soon as it has one of any; without it, it refuses all its clients.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import pulumi

from .. import x509
from ..refusal import Complaint, Words
from ..x509 import UnreadableError
from .issuing import CertifiedKey

if TYPE_CHECKING:
    from cryptography.x509 import AuthorityKeyIdentifier, CertificateRevocationList

VALIDITY_DAYS = 30
RENEW_BEFORE_DAYS = 10
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Revocations(TypedDict):
    """Which clients are refused although their certificates have not ended."""

    clients: NotRequired[Sequence[str]]
    """Names of issued `clients`. Such a client keeps the certificate that it has: it is not renewed, nor moved to a new
    key or authority, so that the list goes on naming what is out there. A person who is to come back gets another
    client, with the same `common_name`."""

    serials: NotRequired[Sequence[pulumi.Input[str]]]
    """Serial numbers in hexadecimal, as `openssl x509 -serial` prints them: of clients that are no longer issued."""

    validity_days: NotRequired[int]
    """How long a list lives. Default: 30."""

    renew_before_days: NotRequired[int]
    """The first update in these last days of a list makes the next one; without an update until its end, all clients
    are refused. Default: 10."""


@dataclass(frozen=True)
class Window:
    """When a list is current. Windows lie on a fixed grid: within one, the same list is signed again and again."""

    start: datetime
    end: datetime

    @classmethod
    def at(cls, moment: datetime, validity_days: int, renew_before_days: int) -> "Window":
        """The latest window that has begun. The next one begins `renew_before_days` before its end."""
        start = moment - (moment - _EPOCH) % timedelta(days=validity_days - renew_before_days)
        return cls(start, start + timedelta(days=validity_days))


def complaints(revoked: Revocations) -> Iterator[Complaint]:
    """What is wrong with the list's times."""
    validity = revoked.get("validity_days", VALIDITY_DAYS)
    renew_before = revoked.get("renew_before_days", RENEW_BEFORE_DAYS)
    if renew_before >= validity:
        yield Complaint("renew_before_days", renew_before, f"less than validity_days, {validity}")


def signed(
    revoked: Revocations, signers: pulumi.Input[Sequence[CertifiedKey]], certificates: Sequence[pulumi.Input[str]]
) -> pulumi.Output[str]:
    """A current list of every signer, PEM, each with all serial numbers: they are random, so none hits a wrong one.

    Args:
        revoked: the serial numbers, and how long a list lives.
        signers: the authorities whose clients are asked for certificates.
        certificates: the revoked clients' (PEM).
    """

    def sign(known: dict[str, Any]) -> str:
        window = Window.at(
            datetime.now(UTC),
            revoked.get("validity_days", VALIDITY_DAYS),
            revoked.get("renew_before_days", RENEW_BEFORE_DAYS),
        )
        serials = {int(serial.replace(":", ""), 16) for serial in known["serials"]}
        serials |= {_first(certificate).parsed.serial_number for certificate in known["certificates"]}
        return "".join(_list(one["certificate"], one["private_key"], serials, window) for one in known["signers"])

    known: pulumi.Output[dict[str, Any]] = pulumi.Output.secret(
        {"signers": signers, "certificates": list(certificates), "serials": list(revoked.get("serials", ()))}
    )
    return pulumi.Output.unsecret(known.apply(sign))


def _list(authority: str, key: str, serials: set[int], window: Window) -> str:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509 import CertificateRevocationListBuilder, CRLNumber, RevokedCertificateBuilder

    signer = x509.private_key(key.encode())
    assert isinstance(signer, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    certificate = _first(authority)
    # Grows from window to window, and with every serial number within one.
    number = (int(window.start.timestamp()) << 32) + len(serials)
    builder = (
        CertificateRevocationListBuilder()
        .issuer_name(certificate.parsed.subject)
        .last_update(window.start)
        .next_update(window.end)
        .add_extension(CRLNumber(number), critical=False)
        .add_extension(_key_identifier(certificate), critical=False)
    )
    for serial in sorted(serials):
        revoked = RevokedCertificateBuilder().serial_number(serial).revocation_date(window.start)
        builder = builder.add_revoked_certificate(revoked.build())
    elliptic = isinstance(signer, ec.EllipticCurvePrivateKey)
    made = builder.sign(signer, hashes.SHA256(), ecdsa_deterministic=True if elliptic else None)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def _first(text: str) -> x509.Certificate:
    return x509.certificates(text.encode())[0]


def _key_identifier(certificate: x509.Certificate) -> "AuthorityKeyIdentifier":
    """Which of several authorities of one name signed, as after a rollover."""
    from cryptography.x509 import AuthorityKeyIdentifier, ExtensionNotFound, SubjectKeyIdentifier

    parsed = certificate.parsed
    try:
        known = parsed.extensions.get_extension_for_class(SubjectKeyIdentifier)
    except ExtensionNotFound:
        return AuthorityKeyIdentifier.from_issuer_public_key(parsed.public_key())  # type: ignore[arg-type]
    return AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known.value)


def misfits(lists: str, authorities: str | None, moment: datetime, field: str = "crl") -> Iterator[Complaint]:
    """Why Envoy would refuse more clients with these lists than it should.

    Args:
        lists: the revocation lists, PEM.
        authorities: every CA certificate that a client's certificate may lead to, PEM; None while that is not known.
        moment: now.
        field: where the lists were given.
    """
    try:
        read = x509.revocation_lists(lists.encode())
    except UnreadableError as error:
        yield Complaint(field, Words(error), "certificate revocation lists in PEM format")
        return
    for one in read:
        yield from _untimely(one, moment, field)
    if authorities is None:
        return
    try:
        trusted = x509.certificates(authorities.encode(), x509.BUNDLE)
    except UnreadableError as error:
        yield Complaint("client_ca", Words(error), "certificates in PEM format")
        return
    for one in read:
        if not any(_is_of(one, authority) for authority in trusted):
            said = Words(f"a list of {one.issuer.rfc4514_string()} that no trusted authority signed")
            wanted = f"of a trusted authority: {', '.join(sorted({each.subject for each in trusted}))}"
            yield Complaint(field, said, wanted)
    for authority in trusted:
        if not any(_is_of(one, authority) for one in read):
            said = Words(f"without a list of {authority.subject}")
            yield Complaint(field, said, "one of every trusted authority, or Envoy refuses all its clients")


def _untimely(one: "CertificateRevocationList", moment: datetime, field: str) -> Iterator[Complaint]:
    issuer = one.issuer.rfc4514_string()
    if one.last_update_utc > moment:
        said = Words(f"not valid before {x509.day(one.last_update_utc)}")
        yield Complaint(field, said, f"valid now, or Envoy refuses every client of {issuer}")
    if one.next_update_utc is not None and one.next_update_utc <= moment:
        said = Words(f"stale since {x509.day(one.next_update_utc)}")
        yield Complaint(field, said, f"a current list, or Envoy refuses every client of {issuer}")


def _is_of(one: "CertificateRevocationList", authority: x509.Certificate) -> bool:
    if one.issuer != authority.parsed.subject:
        return False
    try:
        return one.is_signature_valid(authority.parsed.public_key())  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a key of another kind than the signature's
        return False
