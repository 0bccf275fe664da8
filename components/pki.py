"""A certificate authority of our own, for the leaves of `leaves.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_tls as tls

from . import arguments
from .leaves import RENEW_BEFORE_DAYS, VALIDITY_DAYS, Certificate, Issuer, KeyAlgorithm, private_key
from .renewal import Renewal, announce
from .rollover import Rollover, Stage, guard

AUTHORITY_VALIDITY_DAYS = 3650
_AUTHORITY = ("digital_signature", "cert_signing", "crl_signing")


class CertificateAuthorityArgs(TypedDict):
    """What a certificate authority is called, how long it lives and which of its generations count."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: `example.com`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O, at most 64 characters. Default: `example Inc.`."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """Default: EC P-256."""

    validity_days: NotRequired[int]
    """Default: 3650."""

    renew_before_days: NotRequired[int]
    """Renewed, with the same key, this many days before the end. Default: 30, or `max_leaf_days` where that is more."""

    max_leaf_days: NotRequired[int]
    """The longest validity of the leaves it signs; it is renewed that early, so that none outlives it. Default: 365."""

    generation: NotRequired[int]
    """Raised by one, a new key and certificate take over from the ones before, step by step: see `rollover`. Default:
    1."""

    rollover: NotRequired[Rollover]
    """How far they have taken over; each step is an update of its own. Default: trust."""


class CertificateAuthority(pulumi.ComponentResource):
    """A root certificate authority whose key lives, encrypted, in the stack's state and nowhere else."""

    certificate: pulumi.Output[str]
    """The certificate that signs, PEM."""

    bundle: pulumi.Output[str]
    """Every trusted certificate, PEM, the signing one first: what clients and gateways should hold."""

    private_key: pulumi.Output[str]
    """The key that signs, PEM, a secret."""

    def __init__(self, name: str, args: CertificateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the authority.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        plan = _plan(name, args)
        super().__init__("istio-ingress:index:CertificateAuthority", name, {}, opts)
        step = guard(name, plan.stage, parent=self)
        made = [_self_signed(f"{name}-g{g}", plan, step, parent=self) for g in plan.stage.trusted]
        announce(name, made, parent=self)
        signing = made[0]
        self.certificate = signing.certificate
        self.private_key = signing.private_key
        self.bundle = _joined([each.certificate for each in made])
        self._max_leaf_days = plan.max_leaf_days
        self._also_trusted = made[1:]
        self.register_outputs({"certificate": self.certificate, "bundle": self.bundle, "private_key": self.private_key})

    @property
    def issuer(self) -> Issuer:
        """What the gateways take as their `authority`."""
        return {
            "certificate": self.certificate,
            "private_key": self.private_key,
            "bundle": self.bundle,
            "max_leaf_days": self._max_leaf_days,
            "crl_signers": [
                {"certificate": each.certificate, "private_key": each.private_key} for each in self._also_trusted
            ],
        }


@dataclass(frozen=True)
class _Plan:
    """An authority's arguments, checked and with their defaults."""

    common_name: pulumi.Input[str]
    organization: pulumi.Input[str]
    key_algorithm: KeyAlgorithm
    validity_days: int
    renew_before_days: int
    max_leaf_days: int
    stage: Stage


def _plan(name: str, args: CertificateAuthorityArgs) -> _Plan:
    what = "CertificateAuthority"
    arguments.check(what, name, args, CertificateAuthorityArgs)
    validity = args.get("validity_days", AUTHORITY_VALIDITY_DAYS)
    max_leaf_days = args.get("max_leaf_days", VALIDITY_DAYS)
    renew_before = max(args.get("renew_before_days", RENEW_BEFORE_DAYS), max_leaf_days)
    if renew_before >= validity:
        wanted = f"more than {renew_before}, the days before its end at which it is renewed"
        arguments.refuse(what, name, "validity_days", validity, wanted)
    return _Plan(
        args.get("common_name", "example.com"),
        args.get("organization", "example Inc."),
        KeyAlgorithm(args.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity,
        renew_before,
        max_leaf_days,
        Stage(args.get("generation", 1), Rollover(args.get("rollover", Rollover.TRUST))),
    )


def _self_signed(name: str, plan: _Plan, step: pulumi.Resource, parent: pulumi.Resource) -> Certificate:
    key = private_key(name, plan.key_algorithm, generation=None, parent=parent, depends_on=step)
    certificate = tls.SelfSignedCert(
        f"{name}-certificate",
        private_key_pem=key,
        subject={"common_name": plan.common_name, "organization": plan.organization},
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=_AUTHORITY,
        validity_period_hours=plan.validity_days * 24,
        early_renewal_hours=plan.renew_before_days * 24,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    renewal = Renewal(f"{name}-certificate", certificate.validity_end_time, plan.renew_before_days)
    return Certificate(key, certificate.cert_pem, renewal)


def _joined(certificates: Sequence[pulumi.Output[str]]) -> pulumi.Output[str]:
    return certificates[0] if len(certificates) == 1 else pulumi.Output.all(*certificates).apply("".join)
