"""Rules about the CA bundles and revocation lists by which gateways verify clients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from istio_ingress import x509
from istio_ingress.rules.catalog.certificates import passed_over
from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, HTTPS_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.secrets import ClientCa
from istio_ingress.rules.words import some
from istio_ingress.x509 import UnreadableError, day

_MUTUAL = f"""{GATEWAY}
{HTTPS_SERVER}
    tls: {{mode: MUTUAL, credentialName: shop-credential}}
---
{CREDENTIAL}
  tls.crt: certificate(shop.example)
  tls.key: private_key(shop.example)
  ca.crt: ca_certificate(Clients)
"""


@rule(
    ClientCa,
    "ca-bundle-invalid",
    Severity.ERROR,
    source="istio tests/integration/security TestMultiMtlsGateway_InvalidSecret; RFC 5280 section 4.2.1.9",
    example=Example.fixed(
        _MUTUAL.replace("ca_certificate(Clients)", "certificate(client)"),
        ("certificate(client)", "ca_certificate(Clients)"),
    ),
    reads_certificates=True,
)
def ca_bundle_invalid(client_ca: ClientCa, _: Index) -> Iterator[Problem]:
    """With a bundle that cannot be read, or a certificate in it that is no CA, the clients are refused."""
    remedy = "Put the CA certificates that issue the clients' certificates there, in PEM."
    try:
        bundle = client_ca.bundle
    except UnreadableError as error:
        message = f"{some(client_ca.servers)} cannot verify clients: {client_ca.pair[0]!r} is {error}."
        yield Problem(client_ca.secret, client_ca.path, message, remedy)
        return
    yield from passed_over(client_ca.secret, client_ca.pair[0], x509.BUNDLE)
    for certificate in bundle:
        if not certificate.is_ca:
            message = f"The certificate {certificate.subject!r} is not a CA: its basicConstraints do not say so."
            yield Problem(client_ca.secret, client_ca.path, message, remedy)


@rule(
    ClientCa,
    "ca-bundle-expired",
    Severity.ERROR,
    source="RFC 5280 section 6.1",
    example=Example.fixed(_MUTUAL.replace("(Clients)", "(Clients, days=-1)"), (", days=-1", "")),
    reads_certificates=True,
)
def ca_bundle_expired(client_ca: ClientCa, index: Index) -> Iterator[Problem]:
    """Once every CA in the bundle has ended, no client gets in."""
    if all(certificate.not_after <= index.now for certificate in client_ca.bundle):
        last = max(client_ca.bundle, key=lambda certificate: certificate.not_after)
        yield Problem(
            client_ca.secret,
            client_ca.path,
            f"The last CA, {last.subject!r}, ended on {day(last.not_after)}.",
            "Put a CA there that is valid, and issue the clients' certificates from it.",
        )


@rule(
    ClientCa,
    "ca-bundle-due",
    Severity.WARNING,
    source="RFC 5280 section 6.1",
    example=Example.fixed(_MUTUAL.replace("(Clients)", "(Clients, days=7)"), (", days=7", "")),
    reads_certificates=True,
)
def ca_bundle_due(client_ca: ClientCa, index: Index) -> Iterator[Problem]:
    """When a CA of the bundle ends, its clients are refused: by then they need certificates of another one."""
    if all(certificate.not_after <= index.now for certificate in client_ca.bundle):
        return
    for certificate in client_ca.bundle:
        if certificate.not_after - index.now <= timedelta(days=index.settings.expiry_days):
            word = "ended" if certificate.not_after <= index.now else "ends"
            yield Problem(
                client_ca.secret,
                client_ca.path,
                f"The CA {certificate.subject!r} {word} on {day(certificate.not_after)}.",
                "Add its successor, move the clients to that, and take this one out.",
            )


@rule(
    ClientCa,
    "crl-stale",
    Severity.ERROR,
    source="RFC 5280 section 5.1.2.5; seen with Envoy: a stale revocation list refuses every client",
    example=Example.fixed(
        f"{_MUTUAL}  ca.crl: revocation_list(Clients, days=-1)\n", ("(Clients, days=-1)", "(Clients)")
    ),
    reads_certificates=True,
)
def crl_stale(client_ca: ClientCa, index: Index) -> Iterator[Problem]:
    """A revocation list that is past its next update, or cannot be read, refuses every client."""
    secret, key = client_ca.secret, client_ca.pair[1]
    if not secret.has(key):
        return
    try:
        lists = secret.revocation_lists(key)
    except UnreadableError as error:
        message, remedy = f"{key!r} is {error}.", "Put the revocation list of the CA there, in PEM."
        yield Problem(secret, secret.path(key), message, remedy)
        return
    yield from passed_over(secret, key, x509.REVOCATION_LISTS)
    newest = {one.issuer: one for one in sorted(lists, key=lambda one: one.last_update_utc)}
    ends = [one.next_update_utc for one in newest.values() if one.next_update_utc]
    if ends and min(ends) <= index.now:
        message = f"The revocation list in {key!r} was to be renewed by {day(min(ends))}."
        yield Problem(secret, secret.path(key), message, "Have the CA sign a new one, and renew it before that day.")
