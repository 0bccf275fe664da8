"""Rules about what the release of Istio that runs does not know yet."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTPS_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.releases import TLS_FIELDS, shown
from istio_ingress.rules.resources import Server
from istio_ingress.rules.settings import Settings


@rule(
    Server,
    "field-too-new",
    Severity.ERROR,
    source="istio/istio#56598 (credentialNames: 1.27); Istio 1.28 release notes (caCertCredentialName)",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialNames: [shop-rsa]}}\n",
        ("credentialNames: [shop-rsa]", "credentialName: shop-rsa"),
        settings=Settings(istio_version="1.26"),
    ),
)
def field_too_new(server: Server, index: Index) -> Iterator[Problem]:
    """A field that came with a later release of Istio than the one that runs is dropped or refused."""
    running = index.settings.release
    for field in TLS_FIELDS:
        if field.name in server.tls.value and running < field.since:
            yield Problem(
                server.gateway,
                server.tls.at(field.name),
                f"{field.name} came with Istio {shown(field.since)}; {shown(running)} {field.before}.",
                f"{field.instead}, or set istio_version if a later release runs.",
            )
