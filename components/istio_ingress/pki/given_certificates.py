"""Certificates that are brought along: can they be read, and do key, certificate, chain, names and dates fit?

What is text in the program is looked at before anything is declared. A key is mostly a secret Output: it is looked at
when it is known, which is in the preview for one out of the configuration, and nothing made from it exists before.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple, cast

import pulumi

from .. import x509
from ..refusal import Complaint, Words, refuse, refuse_first
from ..rules.hosts import covers
from ..x509 import UnreadableError
from .issuing import CertifiedKey, Issuer, KeyPair


class Text(NamedTuple):
    """What a field with a person's PEM text is to hold."""

    kind: x509.Kind
    wanted: str

    def complaints(self, field: str, text: object) -> Iterator[Complaint]:
        """Why it cannot be read, as far as it is known."""
        if not isinstance(text, str):
            return
        try:
            written = self.written(text)
            if x509.available() and self.kind is not x509.KEY:
                x509.parse(written.encode(), self.kind)
        except UnreadableError as error:
            yield Complaint(field, Words(error), self.wanted)

    def written(self, text: object) -> str:
        """As Envoy wants it.

        Raises:
            UnreadableError: it is not clear what is meant.
        """
        if not isinstance(text, str):
            raise UnreadableError("no text")
        return x509.written(text, self.kind)

    def once_known(
        self, component: str, name: str, field: str, text: pulumi.Input[str], *, may_be_empty: bool = False
    ) -> pulumi.Output[str]:
        """As Envoy wants it, or the end of the update with the sentence that `complaints` has for a known one."""

        def written(known: object) -> str:
            try:
                return "" if known == "" and may_be_empty else self.written(known)
            except UnreadableError as error:
                refuse(component, name, field, Words(error), self.wanted)

        return pulumi.Output.from_input(text).apply(written)


CHAIN = Text(x509.CHAIN, "certificates in PEM format, each signed by the next")
AUTHORITY = Text(x509.CHAIN, "the authority's certificate in PEM format")
BUNDLE = Text(x509.BUNDLE, "certificates in PEM format")
KEY = Text(x509.KEY, "a private key in PEM format, not encrypted")
REVOCATION_LISTS = Text(x509.REVOCATION_LISTS, "certificate revocation lists in PEM format")
_OF_ISSUER = {"certificate": AUTHORITY, "chain": CHAIN, "bundle": BUNDLE, "private_key": KEY}
_OF_SIGNER = {"certificate": AUTHORITY, "private_key": KEY}


def checked_leaf(
    component: str, name: str, field: str, pair: CertifiedKey, names: Sequence[pulumi.Input[str]]
) -> KeyPair:
    """A server's given certificate and key; as Outputs they fail where they do not fit these names or each other."""

    def fitting(known: dict[str, Any]) -> dict[str, str]:
        found = leaf_misfits(known["certificate"], known["private_key"], known["names"])
        refuse_first(component, name, (complaint.under(field) for complaint in found))
        return {"certificate": CHAIN.written(known["certificate"]), "private_key": KEY.written(known["private_key"])}

    known: pulumi.Output[dict[str, Any]] = pulumi.Output.secret({**pair, "names": list(names)}).apply(fitting)
    return KeyPair(known["private_key"], pulumi.Output.unsecret(known["certificate"]))


def checked_issuer(component: str, name: str, field: str, given: pulumi.Input[Issuer], longest_days: int) -> Issuer:
    """A given authority, its texts as Envoy wants them; its key, as an Output, fails where it is not the certificate's.

    Of one whose certificate is an Output, out of this program or another stack, only the texts are looked at, and
    whether it may sign for `longest_days`.
    """
    whole = cast(Mapping[str, Any], _opened(given) if isinstance(given, pulumi.Output) else given)
    made = {**whole, **_once_known(component, name, field, whole, _OF_ISSUER)}
    signers = whole.get("crl_signers", ())
    if isinstance(signers, pulumi.Output):
        made["crl_signers"] = signers.apply(lambda known: _signers(component, name, field, known))
    elif signers:
        made["crl_signers"] = _signers(component, name, field, signers)
    limit = whole.get("max_leaf_days")
    if isinstance(limit, pulumi.Output):

        def within(known: list[Any]) -> str:
            certificate, limit = known
            if limit is not None and limit < longest_days:
                wanted = f"at least {longest_days}, the longest validity_days, or the certificate outlives it"
                refuse(component, name, f"{field}.max_leaf_days", limit, wanted)
            return str(certificate)

        made["certificate"] = pulumi.Output.all(made["certificate"], limit).apply(within)
    if isinstance(whole["certificate"], str):

        def fitting(known: list[str]) -> str:
            certificate, key = known
            found = _key_misfits(x509.certificates(certificate.encode())[0], key)
            refuse_first(component, name, (complaint.under(field) for complaint in found))
            return key

        made["private_key"] = pulumi.Output.all(made["certificate"], made["private_key"]).apply(fitting)
    return cast(Issuer, made)


def _opened(given: "pulumi.Output[Issuer]") -> dict[str, Any]:
    """The parts of an authority that comes whole, as from another stack, where one secret hides all of it."""

    def public(field: str, otherwise: Callable[[Issuer], object]) -> "pulumi.Output[Any]":
        return pulumi.Output.unsecret(given.apply(lambda known: known.get(field, otherwise(known))))

    return {
        "certificate": public("certificate", lambda _: None),
        "private_key": given.apply(lambda known: known["private_key"]),
        "bundle": public("bundle", lambda known: known["certificate"]),
        "chain": public("chain", lambda _: ""),
        "max_leaf_days": public("max_leaf_days", lambda _: None),
        "crl_signers": given.apply(lambda known: known.get("crl_signers", [])),
    }


def _signers(component: str, name: str, field: str, given: Sequence[CertifiedKey]) -> list[Any]:
    return [
        _once_known(component, name, f"{field}.crl_signers[{index}]", signer, _OF_SIGNER)
        for index, signer in enumerate(given)
    ]


def _once_known(
    component: str, name: str, field: str, given: Mapping[str, Any], texts: Mapping[str, Text]
) -> dict[str, pulumi.Output[str]]:
    return {
        part: text.once_known(
            component,
            name,
            f"{field}.{part}",
            pulumi.Output.secret(given[part]) if text is KEY else given[part],
            may_be_empty=part == "chain",
        )
        for part, text in texts.items()
        if part in given
    }


def leaf_complaints(pair: CertifiedKey, names: Sequence[pulumi.Input[str]]) -> Iterator[Complaint]:
    """What can be said of a given leaf before anything is declared."""
    certificate, key = pair["certificate"], pair["private_key"]
    if isinstance(certificate, str):
        known = [each for each in names if isinstance(each, str)]
        yield from leaf_misfits(certificate, key if isinstance(key, str) else None, known)
    else:
        yield from KEY.complaints("private_key", key)


def issuer_complaints(given: pulumi.Input[Issuer], validity_days: int) -> Iterator[Complaint]:
    """What can be said of a given authority before anything is declared.

    Args:
        given: the authority.
        validity_days: how long the longest of its leaves is to live.
    """
    if not isinstance(given, Mapping):
        return
    complaints = [*unreadable(given, _OF_ISSUER)]
    signers = given.get("crl_signers", ())
    for index, signer in enumerate(signers if isinstance(signers, Sequence) else ()):
        complaints += [each.under(f"crl_signers[{index}]") for each in unreadable(signer, _OF_SIGNER)]
    yield from complaints
    if complaints or not isinstance(given["certificate"], str):
        return
    own = _certificates(AUTHORITY, given["certificate"])[0]
    above = [*_certificates(CHAIN, given.get("chain")), *_certificates(BUNDLE, given.get("bundle"))]
    yield from _authority_misfits(own, validity_days)
    if own not in above and isinstance(given.get("bundle"), str) and not any(map(own.is_signed_by, above)):
        said = Words(f"without the certificate that signed {own.subject}")
        yield Complaint("bundle", said, "one or more CA certificates that it leads to, directly or through `chain`")
    if isinstance(given["private_key"], str):
        yield from _key_misfits(own, given["private_key"])


def unreadable(given: Mapping[str, Any], texts: Mapping[str, Text]) -> Iterator[Complaint]:
    """What cannot be read among the fields that hold a person's PEM text."""
    for part, text in texts.items():
        if part in given:
            yield from text.complaints(part, given[part])


def leaf_misfits(certificate: object, key: object, names: Sequence[str]) -> Iterator[Complaint]:
    """Why a server with this certificate and key would be refused, by Envoy or by its clients.

    Args:
        certificate: the chain's text.
        key: the key's; None while it is not known.
        names: that the certificate must be for.
    """
    complaints = [*CHAIN.complaints("certificate", certificate)]
    yield from complaints
    if complaints:
        return
    chain = _certificates(CHAIN, certificate)
    yield from _chain_misfits(chain)
    yield from _use_misfits(chain[0])
    covered = chain[0].names
    for missing in [one for one in names if not covers(covered, one)]:
        said = Words(f"for {', '.join(covered) or 'no name'}")
        yield Complaint("certificate", said, f"for {missing} too (subjectAltName)")
    if key is not None:
        yield from _key_misfits(chain[0], key)


def _certificates(text: Text, given: object) -> Sequence[x509.Certificate]:
    return x509.certificates(text.written(given).encode(), text.kind) if isinstance(given, str) else ()


def _chain_misfits(chain: Sequence[x509.Certificate]) -> Iterator[Complaint]:
    now = datetime.now(UTC)
    for each in chain:
        yield from _date_misfits(each, now)
    for lower, upper in pairwise(chain):
        if not lower.is_signed_by(upper):
            said = Words(f"a chain in which {upper.subject} did not sign {lower.subject} before it")
            yield Complaint("certificate", said, CHAIN.wanted)


def _date_misfits(certificate: x509.Certificate, now: datetime) -> Iterator[Complaint]:
    of = certificate.subject
    if now < certificate.not_before:
        yield Complaint("certificate", Words(f"{of}, not valid before {x509.day(certificate.not_before)}"), _VALID)
    if now >= certificate.not_after:
        yield Complaint("certificate", Words(f"{of}, expired since {x509.day(certificate.not_after)}"), _VALID)


_VALID = "a certificate that is valid now"


def _use_misfits(certificate: x509.Certificate) -> Iterator[Complaint]:
    if certificate.is_ca:
        yield Complaint("certificate", Words(f"{certificate.subject}, an authority"), "a server's, leaf first")
    if not certificate.serves:
        yield Complaint("certificate", Words("not for servers"), "one with the extended key usage serverAuth, or none")


def _authority_misfits(certificate: x509.Certificate, validity_days: int) -> Iterator[Complaint]:
    now = datetime.now(UTC)
    yield from _date_misfits(certificate, now)
    if not certificate.is_ca:
        yield Complaint(
            "certificate", Words(f"{certificate.subject}, no authority"), "one that may sign others (CA:TRUE)"
        )
    elif certificate.not_after < now + timedelta(days=validity_days):
        said = Words(f"{certificate.subject}, which ends on {x509.day(certificate.not_after)}")
        yield Complaint("certificate", said, f"valid for longer than its leaves' validity_days, {validity_days}")


def _key_misfits(certificate: x509.Certificate, key: object) -> Iterator[Complaint]:
    try:
        public = x509.private_key(KEY.written(key).encode()).public_key()
    except UnreadableError as error:
        yield Complaint("private_key", Words(error), KEY.wanted)
        return
    if x509.public_bytes(public) != certificate.public_key:
        yield Complaint("private_key", Words("another certificate's"), f"the key of {certificate.subject}")
    elif not x509.envoy_takes(certificate.key):
        said = Words("of a kind that Envoy refuses")
        yield Complaint("private_key", said, "RSA from 2048 bits, or EC P-256, P-384 or P-521")
