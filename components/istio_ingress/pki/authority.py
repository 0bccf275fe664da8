"""Certificates of authorities: a root signs its own, an intermediate one's is signed by who stands above it."""

from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_tls as tls

from .issuing import Issuer, KeyPair, Subject
from .keys import KeyAlgorithm, private_key
from .renewal import Renewal

_USES = ("digital_signature", "cert_signing", "crl_signing")


@dataclass(frozen=True)
class AuthorityTemplate:
    """What an authority's certificate says, and how long it lives."""

    common_name: pulumi.Input[str]
    organization: pulumi.Input[str]
    key_algorithm: KeyAlgorithm
    validity_days: int
    renew_before_days: int
    more: Subject = field(default_factory=lambda: Subject())
    """What else its subject says."""

    @property
    def subject(self) -> dict[str, Any]:
        """Whose certificate it is, as pulumi-tls takes it."""
        return {"common_name": self.common_name, "organization": self.organization, **self.more}


def self_signed(name: str, template: AuthorityTemplate, parent: pulumi.Resource, after: pulumi.Resource) -> KeyPair:
    """Make a root's key and certificate, once `after` is there."""
    key = private_key(name, template.key_algorithm, generation=None, parent=parent, depends_on=after)
    certificate = tls.SelfSignedCert(
        f"{name}-certificate",
        private_key_pem=key,
        subject=template.subject,
        **_of_an_authority(template, parent),
    )
    renewal = Renewal(f"{name}-certificate", certificate.validity_end_time, template.renew_before_days)
    return KeyPair(key, certificate.cert_pem, renewal)


def signed(name: str, template: AuthorityTemplate, above: Issuer, parent: pulumi.Resource) -> KeyPair:
    """Make an intermediate authority's key, and have the one above sign its certificate."""
    key = private_key(name, template.key_algorithm, generation=None, parent=parent)
    request = tls.CertRequest(
        f"{name}-request", private_key_pem=key, subject=template.subject, opts=pulumi.ResourceOptions(parent=parent)
    )
    certificate = tls.LocallySignedCert(
        f"{name}-certificate",
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=above["certificate"],
        ca_private_key_pem=pulumi.Output.secret(above["private_key"]),
        **_of_an_authority(template, parent),
    )
    return KeyPair(key, certificate.cert_pem)


def _of_an_authority(template: AuthorityTemplate, parent: pulumi.Resource) -> dict[str, Any]:
    """What the certificate of an authority says, whoever signs it."""
    return {
        "is_ca_certificate": True,
        "set_subject_key_id": True,
        "allowed_uses": _USES,
        "validity_period_hours": template.validity_days * 24,
        "early_renewal_hours": template.renew_before_days * 24,
        "opts": pulumi.ResourceOptions(parent=parent, protect=False),  # it is renewed; its key is not
    }
