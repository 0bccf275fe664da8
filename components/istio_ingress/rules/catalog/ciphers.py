"""A rule about the ciphers that a server names."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import GATEWAY, HTTPS_SERVER
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Server
from istio_ingress.rules.schema import placement
from istio_ingress.rules.words import quoted

_EXCHANGED = ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-SHA", "AES256-SHA")
#: What Istio takes (istio pkg/config/security ValidCipherSuites); those of TLS 1.3 cannot be chosen.
CIPHER_SUITES = (
    *(f"ECDHE-ECDSA-{name}" for name in _EXCHANGED),
    *(f"ECDHE-RSA-{name}" for name in _EXCHANGED),
    *(name for name in _EXCHANGED if not name.startswith("CHACHA20")),
    "DES-CBC3-SHA",
)


@rule(
    Server,
    "cipher-suite-ignored",
    Severity.WARNING,
    source="istio pkg/config/validation/validation.go validateTLSOptions; pkg/config/security ValidCipherSuites",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential, "
        "cipherSuites: [ECDHE-RSA-AES128-GCM-SHA265]}\n",
        ("SHA265", "SHA256"),
    ),
)
def cipher_suite_ignored(server: Server, _: Index) -> Iterator[Problem]:
    """Istio leaves out ciphers that it does not know or has already; where none is left, Envoy's defaults hold."""
    seen: set[str] = set()
    for position, name in enumerate(server.tls.known_texts("cipherSuites")):
        path = f"{server.tls.at('cipherSuites')}[{position}]"
        if name in seen:
            yield Problem(server.gateway, path, f"The cipher {name} is there twice.", "Take one of them away.")
        elif name[:1].isalnum() and name not in (*CIPHER_SUITES, "ALL"):
            near = placement.near(name, CIPHER_SUITES)
            remedy = f"Write {near}." if near else "Use OpenSSL's names, such as ECDHE-RSA-AES128-GCM-SHA256."
            yield Problem(server.gateway, path, f"Istio knows no cipher {quoted(name)} to choose.", remedy)
        seen.add(name)
