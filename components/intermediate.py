"""A certificate authority that another one signed, so that the root's key is needed rarely and can stay elsewhere."""

from collections.abc import Iterator
from typing import NotRequired, TypedDict

import pulumi
import pulumi_tls as tls

from . import arguments, given, pem, tls_arguments
from .arguments import Complaint
from .leaves import VALIDITY_DAYS, CertifiedKey, Issuer, KeyAlgorithm, bundle, private_key
from .pki import CertificateAuthority

INTERMEDIATE_VALIDITY_DAYS = 1095
_NAME = "IntermediateAuthority"
_USES = ("digital_signature", "cert_signing", "crl_signing")


class IntermediateAuthorityArgs(TypedDict):
    """Who signs the authority, what it is called and how long it lives."""

    authority: NotRequired[Issuer]
    """Who signs it: a `CertificateAuthority.issuer`, another intermediate one, or one given in PEM. Default: a root of
    its own."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters; another than the root's. Default: `example.com intermediate`."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O, at most 64 characters. Default: `example Inc.`."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """Default: EC P-256."""

    validity_days: NotRequired[int]
    """At most the `max_leaf_days` of who signs it. Default: 1095."""

    max_leaf_days: NotRequired[int]
    """The longest validity of the leaves it signs; it is renewed that early, so that none outlives it. Default: 365."""


class IntermediateAuthority(pulumi.ComponentResource):
    """An authority below a root: its leaves carry its certificate along, and clients trust only the root."""

    certificate: pulumi.Output[str]
    """The certificate that signs, PEM."""

    bundle: pulumi.Output[str]
    """What clients and gateways should hold: the root, PEM."""

    private_key: pulumi.Output[str]
    """The key that signs, PEM, a secret."""

    def __init__(self, name: str, args: IntermediateAuthorityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the authority.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        _check(name, args)
        super().__init__("istio-ingress:index:IntermediateAuthority", name, {}, opts)
        above = _above(self, name, args)
        algorithm = KeyAlgorithm(args.get("key_algorithm", KeyAlgorithm.ECDSA_P256))
        self.private_key = private_key(name, algorithm, generation=None, parent=self)
        self.certificate = _signed(self, name, args, self.private_key, above)
        self.bundle = bundle(above)
        self._max_leaf_days = args.get("max_leaf_days", VALIDITY_DAYS)
        self._chain = pulumi.Output.concat(self.certificate, above["chain"]) if "chain" in above else self.certificate
        higher: CertifiedKey = {"certificate": above["certificate"], "private_key": above["private_key"]}
        self._higher = [higher, *above.get("crl_signers", ())]
        self.register_outputs({"certificate": self.certificate, "bundle": self.bundle, "private_key": self.private_key})

    @property
    def issuer(self) -> Issuer:
        """What the gateways take as their `authority`."""
        return {
            "certificate": self.certificate,
            "private_key": self.private_key,
            "bundle": self.bundle,
            "chain": self._chain,
            "max_leaf_days": self._max_leaf_days,
            "crl_signers": self._higher,
        }


def _above(component: pulumi.Resource, name: str, args: IntermediateAuthorityArgs) -> Issuer:
    if "authority" in args:
        return given.issuer(_NAME, name, "authority", args["authority"])
    opts = pulumi.ResourceOptions(parent=component)
    return CertificateAuthority(f"{name}-root", {"max_leaf_days": _validity_days(args)}, opts).issuer


def _signed(
    component: pulumi.Resource, name: str, args: IntermediateAuthorityArgs, key: pulumi.Output[str], above: Issuer
) -> pulumi.Output[str]:
    opts = pulumi.ResourceOptions(parent=component)
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=key,
        subject={
            "common_name": args.get("common_name", "example.com intermediate"),
            "organization": args.get("organization", "example Inc."),
        },
        opts=opts,
    )
    return tls.LocallySignedCert(
        f"{name}-certificate",
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=above["certificate"],
        ca_private_key_pem=pulumi.Output.secret(above["private_key"]),
        is_ca_certificate=True,
        set_subject_key_id=True,
        allowed_uses=_USES,
        validity_period_hours=_validity_days(args) * 24,
        early_renewal_hours=args.get("max_leaf_days", VALIDITY_DAYS) * 24,
        opts=opts,
    ).cert_pem


def _validity_days(args: IntermediateAuthorityArgs) -> int:
    return args.get("validity_days", INTERMEDIATE_VALIDITY_DAYS)


def _check(name: str, args: IntermediateAuthorityArgs) -> None:
    arguments.check(_NAME, name, args, IntermediateAuthorityArgs)
    if isinstance(args.get("authority", {}).get("certificate"), str):
        pem.demand_reader(_NAME, name, "authority.certificate")
    arguments.refuse_first(_NAME, name, _complaints(args))


def _complaints(args: IntermediateAuthorityArgs) -> Iterator[Complaint]:
    validity, longest_leaf = _validity_days(args), args.get("max_leaf_days", VALIDITY_DAYS)
    if longest_leaf >= validity:
        yield Complaint("max_leaf_days", longest_leaf, f"less than validity_days, {validity}")
    if "authority" in args:
        for complaint in given.issuer_complaints(args["authority"], validity):
            yield complaint.under("authority")
        yield from tls_arguments.time_complaints(args["authority"], validity, renew_before=0)
