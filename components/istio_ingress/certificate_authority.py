"""A root certificate authority of the stack's own, and who signs where a component is given none."""

from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict

import pulumi

from .component import ALL_DEFAULTS, Component
from .pki import given_certificates
from .pki.authority import AuthorityTemplate, self_signed
from .pki.issuing import AUTHORITY_VALIDITY_DAYS, RENEW_BEFORE_DAYS, VALIDITY_DAYS, Issuer, Subject, certified
from .pki.keys import KeyAlgorithm
from .pki.renewal import announce
from .pki.rollover import Rollover, Stage, guard
from .refusal import Complaint


class CertificateAuthorityArgs(TypedDict):
    """What a certificate authority is called, how long it lives and which of its generations count."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: `example.com`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O, at most 64 characters. Default: `example Inc.`."""

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: nothing."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """The kind of its key. Default: EC P-256."""

    validity_days: NotRequired[int]
    """How many days it is valid. Default: 3650."""

    renew_before_days: NotRequired[int]
    """Renewed, with the same key, this many days before the end. Default: 30, or `max_leaf_days` where that is more."""

    max_leaf_days: NotRequired[int]
    """The longest validity of the leaves it signs; it is renewed that early, so that none outlives it. Default: 365."""

    generation: NotRequired[int]
    """Raised by one, a new key and certificate take over from the ones before, step by step: see `rollover`. Default:
    1."""

    rollover: NotRequired[Rollover]
    """How far the new generation has taken over from the one before; each step is an update of its own. Default:
    trust."""


class CertificateAuthority(Component, takes=CertificateAuthorityArgs):
    """A root certificate authority whose key lives, encrypted, in the stack's state and nowhere else."""

    certificate: pulumi.Output[str]
    """The certificate that signs, PEM."""

    bundle: pulumi.Output[str]
    """Every trusted certificate, PEM, the signing one first: what clients and gateways should hold."""

    private_key: pulumi.Output[str]
    """The key that signs, PEM, a secret."""

    def __init__(
        self, name: str, args: CertificateAuthorityArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the authority.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: CertificateAuthorityArgs) -> Iterator[Complaint]:
        template = _template(args)
        if template.renew_before_days >= template.validity_days:
            wanted = f"more than {template.renew_before_days}, the days before its end at which it is renewed"
            yield Complaint("validity_days", template.validity_days, wanted)

    def _declare(self, name: str, args: CertificateAuthorityArgs) -> None:
        stage = Stage(args.get("generation", 1), Rollover(args.get("rollover", Rollover.TRUST)))
        step = guard(name, stage, parent=self)
        template = _template(args)
        pairs = [self_signed(f"{name}-g{generation}", template, self, after=step) for generation in stage.trusted]
        announce(name, [pair.renewal for pair in pairs], parent=self)
        signing = pairs[0]
        self.certificate = signing.certificate
        self.private_key = signing.private_key
        self.bundle = _joined([pair.certificate for pair in pairs])
        self._max_leaf_days = _max_leaf_days(args)
        self._also_trusted = pairs[1:]

    @property
    def issuer(self) -> Issuer:
        """What the gateways take as their `authority`."""
        return {
            "certificate": self.certificate,
            "private_key": self.private_key,
            "bundle": self.bundle,
            "max_leaf_days": self._max_leaf_days,
            "crl_signers": [certified(each) for each in self._also_trusted],
        }


def issuer_for(
    component: Component, name: str, given_issuer: pulumi.Input[Issuer] | None, own: str, max_leaf_days: int
) -> Issuer:
    """Who signs a component's certificates.

    Args:
        component: the component.
        name: its name.
        given_issuer: its argument `authority`.
        own: the name of the authority that it gets where none is given.
        max_leaf_days: the longest validity of what is signed.
    """
    if given_issuer is not None:
        return given_certificates.checked_issuer(component._kind, name, "authority", given_issuer, max_leaf_days)
    opts = pulumi.ResourceOptions(parent=component)
    return CertificateAuthority(own, {"max_leaf_days": max_leaf_days}, opts).issuer


def _template(args: CertificateAuthorityArgs) -> AuthorityTemplate:
    return AuthorityTemplate(
        common_name=args.get("common_name", "example.com"),
        organization=args.get("organization", "example Inc."),
        key_algorithm=KeyAlgorithm(args.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity_days=args.get("validity_days", AUTHORITY_VALIDITY_DAYS),
        renew_before_days=max(args.get("renew_before_days", RENEW_BEFORE_DAYS), _max_leaf_days(args)),
        more=args.get("subject", {}),
    )


def _max_leaf_days(args: CertificateAuthorityArgs) -> int:
    return args.get("max_leaf_days", VALIDITY_DAYS)


def _joined(certificates: Sequence[pulumi.Output[str]]) -> pulumi.Output[str]:
    return certificates[0] if len(certificates) == 1 else pulumi.Output.all(*certificates).apply("".join)
