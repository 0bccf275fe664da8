"""Certificates that are brought along: do key, certificate, chain, names and dates fit each other?

What is text in the program is looked at before anything is declared. A key is mostly a secret Output: it is looked at
when it is known, which is in the preview for one out of the configuration, and nothing made from it exists before.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pulumi

from . import arguments, pem
from .arguments import Complaint
from .leaves import Certificate, CertifiedKey, Issuer
from .pem import Said, UnreadableError

if TYPE_CHECKING:
    from cryptography import x509

_CHAIN = "certificates in PEM format, each signed by the next"


def leaf(component: str, name: str, field: str, pair: CertifiedKey, names: Sequence[pulumi.Input[str]]) -> Certificate:
    """A server's given certificate, once it is known to be one for these names and this key."""

    def fitting(known: dict[str, Any]) -> dict[str, Any]:
        found = leaf_misfits(known["certificate"], known["private_key"], known["names"])
        arguments.refuse_first(component, name, (complaint.under(field) for complaint in found))
        return known

    known: pulumi.Output[dict[str, Any]] = pulumi.Output.secret({**pair, "names": list(names)}).apply(fitting)
    return Certificate(known["private_key"], pulumi.Output.unsecret(known["certificate"]))


def issuer(component: str, name: str, field: str, given: Issuer) -> Issuer:
    """A given authority, once its key is known to fit. One that is declared in this program is as it should be."""
    if not isinstance(given["certificate"], str):
        return given

    def fitting(known: list[str]) -> str:
        certificate, key = known
        found = _key_misfits(pem.certificates(certificate)[0], key)
        arguments.refuse_first(component, name, (complaint.under(field) for complaint in found))
        return key

    pair = pulumi.Output.all(given["certificate"], pulumi.Output.secret(given["private_key"]))
    return {**given, "private_key": pair.apply(fitting)}


def leaf_complaints(pair: CertifiedKey, names: Sequence[pulumi.Input[str]]) -> Iterator[Complaint]:
    """What can be said of a given leaf before anything is declared."""
    certificate, key = pair["certificate"], pair["private_key"]
    if isinstance(certificate, str):
        known = [each for each in names if isinstance(each, str)]
        yield from leaf_misfits(certificate, key if isinstance(key, str) else None, known)


def issuer_complaints(given: Issuer, validity_days: int) -> Iterator[Complaint]:
    """What can be said of a given authority before anything is declared.

    Args:
        given: the authority.
        validity_days: how long the longest of its leaves is to live.
    """
    certificate, key = given["certificate"], given["private_key"]
    if not isinstance(certificate, str):
        return
    try:
        own = pem.certificates(certificate)[0]
        above = [each for field in ("chain", "bundle") for each in _known(given.get(field))]
    except UnreadableError as error:
        yield Complaint("certificate", Said(error), "the authority's certificate in PEM format")
        return
    yield from _authority_misfits(own, validity_days)
    if own not in above and "bundle" in given and not any(_signed(own, each) for each in above):
        said = Said(f"without the certificate that signed {pem.subject(own)}")
        yield Complaint("bundle", said, "one or more CA certificates that it leads to, directly or through `chain`")
    if isinstance(key, str):
        yield from _key_misfits(own, key)


def leaf_misfits(certificate: str, key: str | None, names: Sequence[str]) -> Iterator[Complaint]:
    """Why a server with this certificate and key would be refused, by Envoy or by its clients."""
    try:
        chain = pem.certificates(certificate)
    except UnreadableError as error:
        yield Complaint("certificate", Said(error), _CHAIN)
        return
    yield from _chain_misfits(chain)
    yield from _use_misfits(chain[0])
    covered = _names(chain[0])
    for missing in [one for one in names if not _covers(covered, one)]:
        said = Said(f"for {', '.join(covered) or 'no name'}")
        yield Complaint("certificate", said, f"for {missing} too (subjectAltName)")
    if key is not None:
        yield from _key_misfits(chain[0], key)


def _chain_misfits(chain: "Sequence[x509.Certificate]") -> Iterator[Complaint]:
    now = datetime.now(UTC)
    for each in chain:
        yield from _date_misfits(each, now)
    for lower, upper in pairwise(chain):
        if not _signed(lower, upper):
            said = Said(f"a chain in which {pem.subject(upper)} did not sign {pem.subject(lower)} before it")
            yield Complaint("certificate", said, _CHAIN)


def _date_misfits(certificate: "x509.Certificate", now: datetime) -> Iterator[Complaint]:
    of = pem.subject(certificate)
    if now < certificate.not_valid_before_utc:
        yield Complaint(
            "certificate", Said(f"{of}, not valid before {pem.day(certificate.not_valid_before_utc)}"), _VALID
        )
    if now >= certificate.not_valid_after_utc:
        yield Complaint("certificate", Said(f"{of}, expired since {pem.day(certificate.not_valid_after_utc)}"), _VALID)


_VALID = "a certificate that is valid now"


def _use_misfits(certificate: "x509.Certificate") -> Iterator[Complaint]:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if _is_ca(certificate):
        yield Complaint("certificate", Said(f"{pem.subject(certificate)}, an authority"), "a server's, leaf first")
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(uses):
        yield Complaint("certificate", Said("not for servers"), "one with the extended key usage serverAuth, or none")


def _authority_misfits(certificate: "x509.Certificate", validity_days: int) -> Iterator[Complaint]:
    now = datetime.now(UTC)
    yield from _date_misfits(certificate, now)
    if not _is_ca(certificate):
        yield Complaint(
            "certificate", Said(f"{pem.subject(certificate)}, no authority"), "one that may sign others (CA:TRUE)"
        )
    elif certificate.not_valid_after_utc < now + timedelta(days=validity_days):
        said = Said(f"{pem.subject(certificate)}, which ends on {pem.day(certificate.not_valid_after_utc)}")
        yield Complaint("certificate", said, f"valid for longer than its leaves' validity_days, {validity_days}")


def _key_misfits(certificate: "x509.Certificate", key: str) -> Iterator[Complaint]:
    try:
        read = pem.private_key(key)
    except UnreadableError as error:
        yield Complaint("private_key", Said(error), "a private key in PEM format, not encrypted")
        return
    if not pem.same_key(read.public_key(), certificate.public_key()):
        yield Complaint("private_key", Said("another certificate's"), f"the key of {pem.subject(certificate)}")
    elif not pem.envoy_takes(read.public_key()):
        said = Said("of a kind that Envoy refuses")
        yield Complaint("private_key", said, "RSA from 2048 bits, or EC P-256, P-384 or P-521")


def _known(text: object) -> "Sequence[x509.Certificate]":
    return pem.certificates(text) if isinstance(text, str) else ()


def _signed(lower: "x509.Certificate", upper: "x509.Certificate") -> bool:
    try:
        lower.verify_directly_issued_by(upper)
    except Exception:  # noqa: BLE001 - another name, another key, another kind of key
        return False
    return True


def _is_ca(certificate: "x509.Certificate") -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _names(certificate: "x509.Certificate") -> list[str]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in names.get_values_for_type(x509.DNSName)]


def _covers(names: Sequence[str], wanted: str) -> bool:
    """Whether one of the names is the wanted one, or a wildcard in place of its first label."""
    return wanted in names or f"*.{wanted.partition('.')[2]}" in names
