"""Rules about the certificates that gateways present."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from rules import hosts
from rules.catalog.examples import CREDENTIAL, GATEWAY, HTTPS_SERVER
from rules.finding import Problem, Severity
from rules.index import Index
from rules.registry import Example, rule
from rules.resources import Server
from rules.secrets import Credential
from rules.values import UnreadableError
from rules.words import some
from rules.x509 import Certificate

_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n---\n{CREDENTIAL}"
_PAIR = f"{_SERVER}\n  tls.crt: certificate(shop.example)\n  tls.key: private_key(shop.example)\n"
_VALIDATE = "istio pilot/pkg/xds/sds.go ValidateCertificate"


@rule(
    Credential,
    "certificate-unreadable",
    Severity.ERROR,
    source=f"{_VALIDATE}; istio pkg/config/analysis IST0161 InvalidGatewayCredential",
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "not a certificate"),
        ("not a certificate", "certificate(shop.example)"),
    ),
    reads_certificates=True,
)
def certificate_unreadable(credential: Credential, _: Index) -> Iterator[Problem]:
    """A certificate or key that is no PEM, cut short or encrypted serves no handshake."""
    secret = credential.secret
    for name, part in zip(credential.pair, ("chain", "public_key"), strict=True):
        try:
            getattr(credential, part)
        except UnreadableError as error:
            message = f"{credential.users} cannot use {name!r}: {error}."
            yield Problem(
                secret, secret.path(name), message, "Put the whole PEM text there, the key without a passphrase."
            )


@rule(
    Credential,
    "certificate-key-mismatch",
    Severity.ERROR,
    source="istio tests/integration/security TestMultiTlsGateway_InvalidSecret",
    example=Example.fixed(
        _PAIR.replace("private_key(shop.example)", "private_key(blog.example)"), ("(blog.example)", "(shop.example)")
    ),
    reads_certificates=True,
)
def certificate_key_mismatch(credential: Credential, _: Index) -> Iterator[Problem]:
    """Envoy refuses a certificate whose key is another one, and keeps what it had, or nothing."""
    secret = credential.secret
    _certificate, key = credential.pair
    if credential.public_key == credential.leaf.public_key:
        return
    follows = any(credential.public_key == certificate.public_key for certificate in credential.chain)
    yield Problem(
        secret,
        secret.path(key),
        f"{_the(credential.leaf, credential)} has another key than {key!r}."
        + (" It belongs to a later one." if follows else ""),
        "Put the certificate of this key first." if follows else "Put the key there with which it was requested.",
    )


@rule(
    Credential,
    "certificate-key-refused",
    Severity.ERROR,
    source="envoyproxy/envoy#5318 (RSA of 2048 bits or more), #36369 (EC P-256, P-384, P-521)",
    example=Example.fixed(_PAIR.replace("(shop.example)", "(shop.example, key=P-224)"), ("P-224", "P-256")),
    reads_certificates=True,
)
def certificate_key_refused(credential: Credential, _: Index) -> Iterator[Problem]:
    """Envoy takes RSA from 2048 bits and EC on P-256, P-384 and P-521; pulumi-tls makes P-224 unless it is told."""
    kind, _space, size = credential.leaf.key.partition(" ")
    if (kind == "RSA" and int(size) >= 2048) or (kind == "EC" and size in ("P-256", "P-384", "P-521")):
        return
    yield Problem(
        credential.secret,
        credential.path,
        f"{_the(credential.leaf, credential)} has the key {credential.leaf.key}.",
        "Use EC P-256, or RSA with 2048 bits or more.",
    )


@rule(
    Server,
    "certificate-host-uncovered",
    Severity.ERROR,
    source="RFC 9525: clients compare the host with subjectAltNames only",
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "certificate(www.shop.example, signed=shop.example)"),
        ("certificate(www.shop.example, signed=shop.example)", "certificate(shop.example)"),
    ),
    reads_certificates=True,
)
def certificate_host_uncovered(server: Server, index: Index) -> Iterator[Problem]:
    """A client refuses a certificate whose subjectAltNames do not hold the host it asked for, whatever its CN says."""
    for credential in index.credentials_of(server):
        names = dict.fromkeys(credential.leaf.names)
        missing = [host for host in server.hosts if host != "*" and not hosts.covers(names, host)]
        if missing:
            held = f"has {some(names, 5)}" if names else f"has none, only the subject {credential.leaf.subject!r}"
            yield Problem(
                server.gateway,
                server.node.at("hosts"),
                f"The hosts {some(map(repr, missing), 5)} are not among the subjectAltNames of the certificate in "
                f"{credential.secret}, which {held}.",
                "Issue the certificate for every host of the server, as DNS names.",
            )


@rule(
    Credential,
    "certificate-expired",
    Severity.ERROR,
    source=f"{_VALIDATE}; istio/istio#47104",
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "certificate(shop.example, days=-1)"), (", days=-1", "")
    ),
    reads_certificates=True,
)
def certificate_expired(credential: Credential, index: Index) -> Iterator[Problem]:
    """Istio only logs that a certificate has ended and goes on serving it; clients refuse it."""
    for certificate in credential.chain:
        if certificate.not_after <= index.now:
            message = f"{_the(certificate, credential)} ended on {_day(certificate.not_after)}."
            yield Problem(credential.secret, credential.path, message, "Issue a new one.")


@rule(
    Credential,
    "certificate-due",
    Severity.WARNING,
    source=_VALIDATE,
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "certificate(shop.example, days=7)"), (", days=7", "")
    ),
    reads_certificates=True,
)
def certificate_due(credential: Credential, index: Index) -> Iterator[Problem]:
    """A certificate that ends within N days (21 unless it is set) should have been renewed by now."""
    for certificate in credential.chain:
        left = certificate.not_after - index.now
        if timedelta(0) < left <= timedelta(days=index.settings.expiry_days):
            yield Problem(
                credential.secret,
                credential.path,
                f"{_the(certificate, credential)} ends on {_day(certificate.not_after)}, in {left.days} days; "
                f"{index.settings.expiry_days} should be left.",
                "Renew it.",
            )


@rule(
    Credential,
    "certificate-not-yet-valid",
    Severity.ERROR,
    source=_VALIDATE,
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "certificate(shop.example, from=2)"), (", from=2", "")
    ),
    reads_certificates=True,
)
def certificate_not_yet_valid(credential: Credential, index: Index) -> Iterator[Problem]:
    """Clients refuse a certificate before its first day; a clock that is wrong makes one."""
    for certificate in credential.chain:
        if certificate.not_before > index.now:
            message = f"{_the(certificate, credential)} begins on {_day(certificate.not_before)}."
            yield Problem(credential.secret, credential.path, message, "Issue it from now on, or wait until then.")


@rule(
    Credential,
    "certificate-chain-order",
    Severity.WARNING,
    source="RFC 8446 section 4.4.2; istio/istio#10001, #38152",
    example=Example.fixed(
        _PAIR.replace("certificate(shop.example)", "certificate(shop.example) ca_certificate(Strangers)"),
        (" ca_certificate(Strangers)", ""),
    ),
    reads_certificates=True,
)
def certificate_chain_order(credential: Credential, _: Index) -> Iterator[Problem]:
    """Each certificate of a chain must be followed by the one that issued it, or clients cannot build the chain."""
    for certificate, following in zip(credential.chain, credential.chain[1:], strict=False):
        if certificate.issuer != following.subject:
            yield Problem(
                credential.secret,
                credential.path,
                f"{_the(certificate, credential)} was issued by {certificate.issuer!r}, and after it comes "
                f"{following.subject!r}.",
                "Put the certificate first, then the one that issued it, and so on.",
            )
            return


def _the(certificate: Certificate, credential: Credential) -> str:
    return f"The certificate {certificate.subject!r}, presented by {credential.users},"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
