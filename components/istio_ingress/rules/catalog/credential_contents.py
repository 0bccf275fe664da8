"""Rules about what is in the Secrets that servers read, as far as it needs no certificate to be parsed."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import CREDENTIAL, GATEWAY, HTTPS_SERVER
from istio_ingress.rules.credential_keys import CA_SUFFIX, GENERIC, TLS
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import MUTUAL_MODES, Server
from istio_ingress.rules.secrets import Credential, Secret
from istio_ingress.rules.words import some

_SECRETS = "istio pilot/pkg/credentials/kube/secrets.go"
_SERVER = f"{GATEWAY}\n{HTTPS_SERVER}\n    tls: {{mode: SIMPLE, credentialName: shop-credential}}\n---\n{CREDENTIAL}"
_PAIR = "\n  tls.crt: certificate(shop.example)\n  tls.key: private_key(shop.example)\n"
_SIZE_LIMIT = 1 << 20


@rule(
    Credential,
    "credential-keys",
    Severity.ERROR,
    source=f"{_SECRETS} ExtractCertInfo; istio pkg/config/analysis IST0161 InvalidGatewayCredential",
    example=Example.fixed(f"{_SERVER}{_PAIR}".replace("tls.crt:", "tls.cert:"), ("tls.cert:", "tls.crt:")),
)
def credential_keys(credential: Credential, _: Index) -> Iterator[Problem]:
    """Istio reads `cert` and `key`, or else `tls.crt` and `tls.key`; a Secret without either pair serves nothing."""
    secret = credential.secret
    if secret.server_keys is None:
        yield Problem(
            secret,
            "data",
            f"The Secret has {some(secret.keys, 6) or 'no values'}, and {credential.users} needs a certificate "
            "and its key.",
            "Put them under tls.crt and tls.key, and let neither be empty.",
        )


@rule(
    Credential,
    "credential-two-formats",
    Severity.WARNING,
    source=f"{_SECRETS} ExtractCertInfo",
    example=Example.fixed(
        f"{_SERVER}{_PAIR}  cert: certificate(shop.example, days=99)\n  key: private_key(shop.example)\n",
        ("  cert: certificate(shop.example, days=99)\n  key: private_key(shop.example)\n", ""),
    ),
)
def credential_two_formats(credential: Credential, _: Index) -> Iterator[Problem]:
    """Of two pairs in one Secret Istio reads `cert` and `key`; a renewal of `tls.crt` and `tls.key` goes unseen."""
    secret = credential.secret
    cert, key, tls_cert, tls_key = *GENERIC[:2], *TLS[:2]
    if all(map(secret.has, (cert, key, tls_cert, tls_key))) and secret.value(cert) != secret.value(tls_cert):
        yield Problem(
            secret,
            secret.path(tls_cert),
            f"The Secret has {cert} and {key} beside {tls_cert} and {tls_key}, and they differ: Istio reads the first.",
            "Keep one pair.",
        )


@rule(
    Credential,
    "credential-token-key",
    Severity.WARNING,
    source="Istio task: Secure Gateways (a Secret with a key named token); istio/istio#18061",
    example=Example.fixed(f"{_SERVER}{_PAIR}  token: none\n", ("  token: none\n", "")),
)
def credential_token_key(credential: Credential, _: Index) -> Iterator[Problem]:
    """Istio's task forbids a key `token` in a credential: older releases took such a Secret for a service account's."""
    if "token" in credential.secret.keys:
        yield Problem(credential.secret, "data[token]", "The Secret has a key 'token'.", "Take it away.")


@rule(
    Server,
    "mutual-ca-missing",
    Severity.ERROR,
    misses=True,
    source=f"{_SECRETS} GetCaCert, ExtractRoot; istio/istio#45449, #41158",
    example=Example.fixed(
        f"{_SERVER}{_PAIR}".replace("SIMPLE", "MUTUAL"),
        ("private_key(shop.example)\n", "private_key(shop.example)\n  ca.crt: ca_certificate(Clients)\n"),
    ),
)
def mutual_ca_missing(server: Server, index: Index) -> Iterator[Problem]:
    """MUTUAL needs the clients' CA in `<credential>-cacert`, or else in the credential: without it nobody gets in."""
    secret = index.client_ca(server)
    if secret and secret.ca_keys is None:
        hidden = _hidden_ca(secret, server, index)
        yield Problem(
            server.gateway,
            server.tls.at("mode"),
            f"The mode is {server.mode}, and the {secret} has {some(secret.keys, 6) or 'no values'}, "
            f"but neither cacert nor ca.crt.{hidden}",
            f"Put the CA bundle of the clients into it as ca.crt, or into {server.credential_names[0] + CA_SUFFIX!r}.",
            absent_from=secret.namespace,
        )


@rule(
    Secret,
    "secret-size",
    Severity.ERROR,
    source="Kubernetes: a Secret holds at most 1 MiB (MaxSecretSize); istio/istio#48853",
    example=Example.fixed(
        f"{_SERVER}{_PAIR}  notes: filler(1048576)\n", ("  notes: filler(1048576)", "  notes: filler(1024)")
    ),
)
def secret_size(secret: Secret, _: Index) -> Iterator[Problem]:
    """Kubernetes refuses a Secret of more than 1 MiB, which a long CA bundle or CRL can reach."""
    if secret.size > _SIZE_LIMIT:
        yield Problem(
            secret,
            "data",
            f"Its values have {secret.size:,} bytes; {_SIZE_LIMIT:,} are allowed.",
            "Split it, or drop what no gateway reads: a CRL only needs the certificates that are still valid.",
        )


def _hidden_ca(secret: Secret, server: Server, index: Index) -> str:
    """A CA in the credential is not looked at when there is a `<credential>-cacert` of its own."""
    if server.mode in MUTUAL_MODES and secret.name.endswith(CA_SUFFIX):
        for credential in index.find_secrets(server, secret.name.removesuffix(CA_SUFFIX)):
            if credential.ca_keys:
                return f" The CA in {credential} is not read, because {secret} exists."
    return ""
