"""Rules about the certificates that gateways present."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from istio_ingress import x509
from istio_ingress.rules import hosts
from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, HTTPS_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.makers import Certificate as CertificateRequest
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.secrets import Credential, Secret
from istio_ingress.rules.words import some
from istio_ingress.x509 import CHAIN, Certificate, Kind, UnreadableError, day, envoy_takes

_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n---\n{CREDENTIAL}"
_PAIR = f"{_SERVER}\n  tls.crt: certificate(shop.example)\n  tls.key: private_key(shop.example)\n"
_VALIDATE = "istio pilot/pkg/xds/sds.go ValidateCertificate"
_REQUEST = """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: shop, namespace: istio-system}
spec: {secretName: shop-credential, dnsNames: [shop.example], issuerRef: {name: shop}}
"""


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
            message = f"{credential.users} cannot use {name!r}: it is {error}."
            yield Problem(
                secret, secret.path(name), message, "Put the whole PEM text there, the key without a passphrase."
            )
    yield from passed_over(secret, credential.pair[0], CHAIN)


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
    if envoy_takes(credential.leaf.key):
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
    Server,
    "certificate-request-host-uncovered",
    Severity.ERROR,
    source="cert-manager.io/docs/reference/api-docs CertificateSpec dnsNames; RFC 9525",
    example=Example.fixed(
        f"{_SERVER.partition('---')[0]}---\n{_REQUEST}".replace("[shop.example], issuer", "[example], issuer"),
        ("[example], issuer", "[shop.example], issuer"),
    ),
)
def certificate_request_host_uncovered(server: Server, index: Index) -> Iterator[Problem]:
    """A Certificate of cert-manager without the server's host makes one that clients refuse for it."""
    if not server.terminates:
        return
    pods = index.gateway_namespaces(server.gateway)
    for name in server.credential_names:
        for maker in index.makers_of(name):
            if not isinstance(maker, CertificateRequest) or not maker.says_its_names or index.secrets.named(name):
                continue
            missing = [host for host in server.hosts if host != "*" and not hosts.covers(maker.dns_names, host)]
            if missing and (not pods or maker.namespace in pods):
                yield Problem(
                    server.gateway,
                    server.node.at("hosts"),
                    f"The hosts {some(map(repr, missing), 5)} are not among the dnsNames of {maker}, which makes "
                    f"{name!r}: {some(maker.dns_names, 5)}.",
                    "Add them to its dnsNames.",
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
            message = f"{_the(certificate, credential)} ended on {day(certificate.not_after)}."
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
                f"{_the(certificate, credential)} ends on {day(certificate.not_after)}, in {left.days} days; "
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
            message = f"{_the(certificate, credential)} begins on {day(certificate.not_before)}."
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
        if not certificate.is_signed_by(following):
            other = " of another key" if certificate.issuer == following.subject else ""
            yield Problem(
                credential.secret,
                credential.path,
                f"{_the(certificate, credential)} was issued by {certificate.issuer!r}, and after it comes "
                f"{following.subject!r}{other}.",
                "Put the certificate first, then the one that issued it, and so on.",
            )
            return


def passed_over(secret: Secret, key: str, kind: Kind) -> Iterator[Problem]:
    """Envoy loads what it sees of a text, and is silent about the rest."""
    lost = x509.passed_over(secret.value(key), kind)
    if lost:
        yield Problem(
            secret,
            secret.path(key),
            f"Envoy passes over {lost} of the blocks in {key!r}, because they do not begin as they must.",
            f"Let each begin with '-----BEGIN {kind.label}-----' on a line of its own, with nothing before it.",
        )


def _the(certificate: Certificate, credential: Credential) -> str:
    return f"The certificate {certificate.subject!r}, presented by {credential.users},"
