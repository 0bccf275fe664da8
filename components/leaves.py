"""Keys and the certificates that an issuer signs for them (pulumi-tls).

Times are whole days. A certificate becomes due `renew_before_days` before it ends: the next preview shows its
replacement, the next update makes it. Raising a generation makes a new key as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, NotRequired, TypedDict

import pulumi
import pulumi_tls as tls

from .renewal import Renewal

VALIDITY_DAYS = 365
RENEW_BEFORE_DAYS = 30
SERVER = ("digital_signature", "key_encipherment", "server_auth")
CLIENT = ("digital_signature", "client_auth")
_IDENTITY = ("caCertPem", "caPrivateKeyPem", "certRequestPem", "validityPeriodHours", "allowedUses")


class KeyAlgorithm(Enum):
    """The keys that Envoy takes: EC P-256 or P-384, RSA from 2048 bits. P-256 costs a gateway least per connection."""

    ECDSA_P256 = "ecdsa-p256"
    ECDSA_P384 = "ecdsa-p384"
    RSA_2048 = "rsa-2048"
    RSA_3072 = "rsa-3072"
    RSA_4096 = "rsa-4096"


class _Key(NamedTuple):
    """pulumi-tls's arguments for a key. The curve is always named: its default, P-224, is one Envoy refuses."""

    algorithm: str
    ecdsa_curve: str | None = None
    rsa_bits: int | None = None


_KEYS = {
    KeyAlgorithm.ECDSA_P256: _Key("ECDSA", ecdsa_curve="P256"),
    KeyAlgorithm.ECDSA_P384: _Key("ECDSA", ecdsa_curve="P384"),
    KeyAlgorithm.RSA_2048: _Key("RSA", rsa_bits=2048),
    KeyAlgorithm.RSA_3072: _Key("RSA", rsa_bits=3072),
    KeyAlgorithm.RSA_4096: _Key("RSA", rsa_bits=4096),
}


class CertifiedKey(TypedDict):
    """A certificate and its key."""

    certificate: pulumi.Input[str]
    """PEM; a server's is followed by the intermediate ones that lead from it to its root, if there are any."""

    private_key: pulumi.Input[str]
    """PEM: a secret Output, never a plain text."""


class Issuer(TypedDict):
    """Who signs certificates. `CertificateAuthority.issuer` is one."""

    certificate: pulumi.Input[str]
    """The signing certificate, PEM."""

    private_key: pulumi.Input[str]
    """Its key, PEM: a secret Output, never a plain text."""

    bundle: NotRequired[pulumi.Input[str]]
    """What those who trust this issuer must hold: one or more CA certificates, PEM. Default: `certificate`."""

    max_leaf_days: NotRequired[int]
    """The longest validity it signs, so that no leaf outlives it. Default: no limit is checked."""

    chain: NotRequired[pulumi.Input[str]]
    """What follows a leaf in its file, for those who know only the root: `certificate`, where that is an intermediate
    one, and those above it, PEM. Default: nothing."""

    crl_signers: NotRequired[Sequence[CertifiedKey]]
    """The other CAs, of `bundle` and above `certificate`, and their keys: where clients are revoked, each of them needs
    a list. Default: none."""


class Certificate(NamedTuple):
    """A key and what proves it."""

    private_key: pulumi.Output[str]
    """PEM, a secret."""

    certificate: pulumi.Output[str]
    """PEM, the leaf first, then what leads from it to a trusted root."""

    renewal: Renewal | None = None
    """None where the stack does not renew it."""


@dataclass(frozen=True)
class Leaf:
    """A certificate to be issued: what it says, for what, and how long."""

    uses: Sequence[str]
    common_name: pulumi.Input[str] | None = None
    organization: pulumi.Input[str] | None = None
    dns_names: Sequence[pulumi.Input[str]] = ()
    key_algorithm: KeyAlgorithm = KeyAlgorithm.ECDSA_P256
    validity_days: int = VALIDITY_DAYS
    renew_before_days: int = RENEW_BEFORE_DAYS
    generation: str = "1"
    revoked: bool = False
    """Then it stays as it is until its end, because a revocation list names it by the serial number that it has."""


def issue(name: str, leaf: Leaf, issuer: Issuer, parent: pulumi.Resource) -> Certificate:
    """Make a key and have the issuer sign a certificate for it."""
    key = private_key(name, leaf.key_algorithm, None if leaf.revoked else leaf.generation, parent)
    subject: dict[str, pulumi.Input[str]] = {}
    if leaf.common_name is not None:
        subject["common_name"] = leaf.common_name
    if leaf.organization is not None:
        subject["organization"] = leaf.organization
    opts = pulumi.ResourceOptions(parent=parent)
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=key,
        subject=tls.CertRequestSubjectArgs(**subject),
        dns_names=leaf.dns_names or None,
        opts=opts,
    )
    signed = tls.LocallySignedCert(
        f"{name}-certificate",
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=issuer["certificate"],
        ca_private_key_pem=pulumi.Output.secret(issuer["private_key"]),
        allowed_uses=leaf.uses,
        validity_period_hours=leaf.validity_days * 24,
        early_renewal_hours=0 if leaf.revoked else leaf.renew_before_days * 24,
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=list(_IDENTITY) if leaf.revoked else None),
    )
    renewal = None if leaf.revoked else Renewal(f"{name}-certificate", signed.validity_end_time, leaf.renew_before_days)
    chain = pulumi.Output.concat(signed.cert_pem, issuer["chain"]) if "chain" in issuer else signed.cert_pem
    return Certificate(key, chain, renewal)


def common_name(host: pulumi.Input[str]) -> pulumi.Input[str] | None:
    """The host as a certificate's CN, unless it is known to be longer than the 64 characters that X.520 allows."""
    return None if isinstance(host, str) and len(host) > 64 else host


def bundle(issuer: Issuer) -> pulumi.Output[str]:
    """What those who trust the issuer must hold, PEM."""
    return pulumi.Output.from_input(issuer.get("bundle", issuer["certificate"]))


def private_key(
    name: str,
    algorithm: KeyAlgorithm,
    generation: str | None,
    parent: pulumi.Resource,
    depends_on: pulumi.Resource | None = None,
) -> pulumi.Output[str]:
    """Make a key; another `generation` replaces it, and with it all that is made from it."""
    opts = pulumi.ResourceOptions(parent=parent, replacement_trigger=generation, depends_on=depends_on)
    return tls.PrivateKey(f"{name}-key", **_KEYS[algorithm]._asdict(), opts=opts).private_key_pem
