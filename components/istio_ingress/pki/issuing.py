"""Leaf certificates: who signs them, what they say and how long they live (pulumi-tls).

Times are whole days. A certificate becomes due `renew_before_days` before it ends: the next preview shows its
replacement, the next update makes it. Raising a generation makes a new key as well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NotRequired, TypedDict

import pulumi
import pulumi_tls as tls

from ..refusal import Complaint
from ..rules.hosts import is_ip_address
from ..rules.names import LONGEST_SUBJECT
from .keys import KeyAlgorithm, private_key
from .renewal import Renewal

VALIDITY_DAYS = 365
AUTHORITY_VALIDITY_DAYS = 3650
RENEW_BEFORE_DAYS = 30
SERVER = ("digital_signature", "key_encipherment", "server_auth")
CLIENT = ("digital_signature", "client_auth")
_IDENTITY = ("caCertPem", "caPrivateKeyPem", "certRequestPem", "validityPeriodHours", "allowedUses")


class CertifiedKey(TypedDict):
    """A certificate and its key."""

    certificate: pulumi.Input[str]
    """PEM; a server's is followed by the intermediate ones that lead from it to its root, if there are any."""

    private_key: pulumi.Input[str]
    """PEM: a secret Output, never a plain text."""


class Subject(TypedDict):
    """What else a certificate's subject says (X.520)."""

    organizational_unit: NotRequired[pulumi.Input[str]]
    """OU, at most 64 characters."""

    locality: NotRequired[pulumi.Input[str]]
    """L, at most 128 characters."""

    province: NotRequired[pulumi.Input[str]]
    """ST, at most 128 characters."""

    country: NotRequired[pulumi.Input[str]]
    """C, two capital letters, such as `DE`."""


class Issuer(TypedDict):
    """Who signs certificates. `CertificateAuthority.issuer` is one."""

    certificate: pulumi.Input[str]
    """The signing certificate, PEM."""

    private_key: pulumi.Input[str]
    """Its key, PEM: a secret Output, never a plain text."""

    bundle: NotRequired[pulumi.Input[str]]
    """What those who trust this issuer must hold: one or more CA certificates, PEM. Default: `certificate`."""

    max_leaf_days: NotRequired[pulumi.Input[int]]
    """The longest validity it signs, so that no leaf outlives it. Default: no limit is checked."""

    chain: NotRequired[pulumi.Input[str]]
    """What follows a leaf in its file, for those who know only the root: `certificate`, where that is an intermediate
    one, and those above it, PEM. Default: nothing."""

    crl_signers: NotRequired[pulumi.Input[Sequence[CertifiedKey]]]
    """The other CAs, of `bundle` and above `certificate`, and their keys: where clients are revoked, each of them needs
    a list. Default: none."""


class KeyPair(NamedTuple):
    """A private key and the certificate of its public key, as a server or a client holds them."""

    private_key: pulumi.Output[str]
    """PEM, a secret."""

    certificate: pulumi.Output[str]
    """PEM, the leaf first, then what leads from it to a trusted root."""

    renewal: Renewal | None = None
    """None where the stack does not renew it."""


@dataclass(frozen=True)
class CertificateTemplate:
    """A certificate to be issued: what it says, for what, and how long."""

    uses: Sequence[str]
    common_name: pulumi.Input[str] | None = None
    organization: pulumi.Input[str] | None = None
    subject: Subject = field(default_factory=lambda: Subject())
    """What else its subject says."""
    sans: Sequence[pulumi.Input[str]] = ()
    """DNS names, IP addresses and URIs."""
    key_algorithm: KeyAlgorithm = KeyAlgorithm.ECDSA_P256
    validity_days: int = VALIDITY_DAYS
    renew_before_days: int = RENEW_BEFORE_DAYS
    generation: str = "1"
    revoked: bool = False
    """Then it stays as it is until its end, because a revocation list names it by the serial number that it has."""


def issue(name: str, template: CertificateTemplate, issuer: Issuer, parent: pulumi.Resource) -> KeyPair:
    """Make a key and have the issuer sign a certificate for it.

    A component's `protect` does not reach them: whatever is replaced in its ordinary life could not be any more.

    Args:
        name: beginning of the Pulumi names.
        template: what the certificate says, and how long it lives.
        issuer: who signs it.
        parent: the component.
    """
    key = private_key(
        name, template.key_algorithm, None if template.revoked else template.generation, parent, protect=False
    )
    subject: dict[str, Any] = {**template.subject}
    if template.common_name is not None:
        subject["common_name"] = template.common_name
    if template.organization is not None:
        subject["organization"] = template.organization
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=key,
        subject=tls.CertRequestSubjectArgs(**subject),
        **{kind: names(template.sans, kind) for kind in ("dns_names", "ip_addresses", "uris")},
        opts=pulumi.ResourceOptions(parent=parent, protect=False),
    )
    signed = tls.LocallySignedCert(
        f"{name}-certificate",
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=issuer["certificate"],
        ca_private_key_pem=pulumi.Output.secret(issuer["private_key"]),
        allowed_uses=template.uses,
        validity_period_hours=template.validity_days * 24,
        early_renewal_hours=0 if template.revoked else template.renew_before_days * 24,
        opts=pulumi.ResourceOptions(
            parent=parent, protect=False, ignore_changes=list(_IDENTITY) if template.revoked else None
        ),
    )
    renewal = Renewal(f"{name}-certificate", signed.validity_end_time, template.renew_before_days)
    chain = pulumi.Output.concat(signed.cert_pem, issuer["chain"]) if "chain" in issuer else signed.cert_pem
    return KeyPair(key, chain, None if template.revoked else renewal)


def names(sans: Sequence[pulumi.Input[str]], kind: str) -> Any:
    """Those of a certificate's names that are of one kind, as pulumi-tls calls it; None where there are none."""
    if all(isinstance(one, str) for one in sans):
        return [one for one in sans if _kind(str(one)) == kind] or None
    return pulumi.Output.all(*sans).apply(lambda known: [one for one in known if _kind(one) == kind] or None)


def _kind(name: str) -> str:
    if "://" in name:
        return "uris"
    return "ip_addresses" if is_ip_address(name) else "dns_names"


def common_name(host: pulumi.Input[str]) -> pulumi.Input[str] | None:
    """The host as a certificate's CN, unless it is known to be longer than X.520 allows."""
    return None if isinstance(host, str) and len(host) > LONGEST_SUBJECT else host


def bundle(issuer: Issuer) -> pulumi.Output[str]:
    """What those who trust the issuer must hold, PEM."""
    return pulumi.Output.from_input(issuer.get("bundle", issuer["certificate"]))


def signers(issuer: Issuer) -> pulumi.Input[Sequence[CertifiedKey]]:
    """Who signs revocation lists: the issuer, and the other CAs that it names."""
    own: CertifiedKey = {"certificate": issuer["certificate"], "private_key": issuer["private_key"]}
    return joined([own], issuer.get("crl_signers", ()))


def certified(pair: KeyPair) -> CertifiedKey:
    """An authority's key and certificate as somebody gives them."""
    return {"certificate": pair.certificate, "private_key": pair.private_key}


def joined(
    first: Iterable[CertifiedKey], others: pulumi.Input[Sequence[CertifiedKey]]
) -> pulumi.Input[Sequence[CertifiedKey]]:
    """Signers of revocation lists, and others, which may be known later only."""
    own = list(first)
    if isinstance(others, Sequence):
        return [*own, *others]
    together: pulumi.Output[Sequence[CertifiedKey]] = pulumi.Output.all(own, others).apply(
        lambda known: [*known[0], *known[1]]
    )
    return together


def certificates_of(authorities: pulumi.Input[Sequence[CertifiedKey]]) -> pulumi.Output[str]:
    """The certificates, PEM, without the keys."""
    known = pulumi.Output.unsecret(pulumi.Output.from_input(authorities))
    return known.apply(lambda each: "\n".join(str(one["certificate"]) for one in each))


def time_complaints(issuer: pulumi.Input[Issuer] | None, validity: int, renew_before: int) -> Iterator[Complaint]:
    """What is wrong with a leaf's times, signed by this issuer, as far as it is known, or by the component's own."""
    if renew_before >= validity:
        yield Complaint("renew_before_days", renew_before, f"less than validity_days, {validity}")
    longest: object = AUTHORITY_VALIDITY_DAYS - 1
    if issuer is not None:
        longest = issuer.get("max_leaf_days") if isinstance(issuer, Mapping) else None
    if isinstance(longest, int) and validity > longest:
        yield Complaint("validity_days", validity, f"at most {longest}, or the certificate outlives its authority")
