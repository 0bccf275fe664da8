"""A certificate authority that another one signed, so that the root's key is needed rarely and can stay elsewhere."""

from collections.abc import Iterator
from typing import NotRequired, TypedDict

import pulumi

from .certificate_authority import issuer_for
from .component import ALL_DEFAULTS, Component
from .pki import given_certificates
from .pki.authority import AuthorityTemplate, signed
from .pki.issuing import VALIDITY_DAYS, Issuer, Subject, bundle, certified, joined, signers, time_complaints
from .pki.keys import KeyAlgorithm
from .refusal import Complaint

INTERMEDIATE_VALIDITY_DAYS = 1095


class IntermediateAuthorityArgs(TypedDict):
    """Who signs the authority, what it is called and how long it lives."""

    authority: NotRequired[pulumi.Input[Issuer]]
    """Who signs it: a `CertificateAuthority.issuer`, another intermediate one, or one given in PEM. Default: a root of
    its own."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters; another than the root's. Default: `example.com intermediate`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O, at most 64 characters. Default: `example Inc.`."""

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: nothing."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """The kind of its key. Default: EC P-256."""

    validity_days: NotRequired[int]
    """How many days it is valid: at most the `max_leaf_days` of who signs it. Default: 1095."""

    max_leaf_days: NotRequired[int]
    """The longest validity of the leaves it signs; it is renewed that early, so that none outlives it. Default: 365."""

    generation: NotRequired[int]
    """Raised by one, it has a new key and certificate, and its leaves are issued anew in the same update. Clients, who
    trust the root, notice nothing. Certificates of the generation before count until they end; with revocation lists
    until the next is made. Default: 1."""


class IntermediateAuthority(Component, takes=IntermediateAuthorityArgs):
    """An authority below a root: its leaves carry its certificate along, and clients trust only the root."""

    certificate: pulumi.Output[str]
    """The certificate that signs, PEM."""

    bundle: pulumi.Output[str]
    """What clients and gateways should hold: the root, PEM."""

    private_key: pulumi.Output[str]
    """The key that signs, PEM, a secret."""

    def __init__(
        self, name: str, args: IntermediateAuthorityArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the authority.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: IntermediateAuthorityArgs) -> Iterator[Complaint]:
        return _complaints(args)

    def _declare(self, name: str, args: IntermediateAuthorityArgs) -> None:
        above = issuer_for(self, name, args.get("authority"), f"{name}-root", _validity_days(args))
        newest = args.get("generation", 1)
        pairs = [signed(_pulumi_name(name, one), _template(args), above, self) for one in (newest, newest - 1) if one]
        self.certificate = pairs[0].certificate
        self.private_key = pairs[0].private_key
        self.bundle = bundle(above)
        self._max_leaf_days = args.get("max_leaf_days", VALIDITY_DAYS)
        self._chain = pulumi.Output.concat(self.certificate, above["chain"]) if "chain" in above else self.certificate
        self._also_sign_lists = joined(map(certified, pairs[1:]), signers(above))

    @property
    def issuer(self) -> Issuer:
        """What the gateways take as their `authority`."""
        return {
            "certificate": self.certificate,
            "private_key": self.private_key,
            "bundle": self.bundle,
            "chain": self._chain,
            "max_leaf_days": self._max_leaf_days,
            "crl_signers": self._also_sign_lists,
        }


def _pulumi_name(name: str, generation: int) -> str:
    return name if generation == 1 else f"{name}-g{generation}"


def _template(args: IntermediateAuthorityArgs) -> AuthorityTemplate:
    return AuthorityTemplate(
        common_name=args.get("common_name", "example.com intermediate"),
        organization=args.get("organization", "example Inc."),
        key_algorithm=KeyAlgorithm(args.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity_days=_validity_days(args),
        renew_before_days=args.get("max_leaf_days", VALIDITY_DAYS),
        more=args.get("subject", {}),
    )


def _validity_days(args: IntermediateAuthorityArgs) -> int:
    return args.get("validity_days", INTERMEDIATE_VALIDITY_DAYS)


def _complaints(args: IntermediateAuthorityArgs) -> Iterator[Complaint]:
    validity, longest_leaf = _validity_days(args), args.get("max_leaf_days", VALIDITY_DAYS)
    if longest_leaf >= validity:
        yield Complaint("max_leaf_days", longest_leaf, f"less than validity_days, {validity}")
    if "authority" in args:
        for complaint in given_certificates.issuer_complaints(args["authority"], validity):
            yield complaint.under("authority")
        yield from time_complaints(args["authority"], validity, renew_before=0)
