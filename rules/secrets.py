"""Secrets as the credentials that a gateway reads."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import cached_property

from rules import x509
from rules.resources import Resource, Server
from rules.values import MalformedError, UnreadableError
from rules.words import some
from rules.x509 import Certificate

#: Certificate and key, in the order in which Istio looks for them, and the CRL that goes with them.
SERVER_KEYS = (("cert", "key"), ("tls.crt", "tls.key"))
#: The CA bundle and its CRL, in the order in which Istio looks for them.
CA_KEYS = (("cacert", "crl"), ("ca.crt", "ca.crl"))
CA_SUFFIX = "-cacert"


class Secret(Resource):
    """A Kubernetes Secret."""

    @property
    def keys(self) -> list[str]:
        """The names of its values."""
        return sorted({*self.node.node("data").value, *self.node.node("stringData").value})

    def has(self, key: str) -> bool:
        """Whether it has a value of this name that is not empty, as far as that is known."""
        return any(self.node.node(part).value.get(key) not in (None, "") for part in ("stringData", "data"))

    def value(self, key: str) -> bytes:
        """A value, decoded; empty when it is absent."""
        plain = self.node.node("stringData").text(key)
        if plain:
            return plain.encode()
        encoded = self.node.node("data").text(key)
        try:
            return base64.b64decode("".join(encoded.split()), validate=True)
        except (binascii.Error, ValueError):
            raise MalformedError(f"data[{key}]", "base64", encoded) from None

    def path(self, key: str) -> str:
        """Where a value stands."""
        return f"stringData[{key}]" if key in self.node.node("stringData") else f"data[{key}]"

    @cached_property
    def server_keys(self) -> tuple[str, str] | None:
        """The names of the certificate and the key that Istio reads."""
        return next((pair for pair in SERVER_KEYS if all(map(self.has, pair))), None)

    @cached_property
    def ca_keys(self) -> tuple[str, str] | None:
        """The names of the CA bundle that Istio reads, and of its CRL."""
        return next((pair for pair in CA_KEYS if self.has(pair[0])), None)

    @property
    def size(self) -> int:
        """The bytes of all its values."""
        return sum(len(self.value(key)) for key in self.keys)


@dataclass(frozen=True, eq=False)
class Credential:
    """A Secret whose certificate some servers present."""

    secret: Secret
    servers: list[Server]

    @property
    def users(self) -> str:
        """The servers, for people to read."""
        return some(self.servers)

    @property
    def pair(self) -> tuple[str, str]:
        """The names of the certificate and the key that Istio reads."""
        if self.secret.server_keys is None:
            raise UnreadableError("there is no certificate and key")
        return self.secret.server_keys

    @cached_property
    def chain(self) -> tuple[Certificate, ...]:
        """The certificate and the intermediates that follow it."""
        return x509.certificates(self.secret.value(self.pair[0]))

    @cached_property
    def public_key(self) -> bytes:
        """The public half of the private key."""
        return x509.public_key_of(self.secret.value(self.pair[1]))

    @property
    def leaf(self) -> Certificate:
        """The certificate that the gateway presents as its own."""
        return self.chain[0]

    @property
    def path(self) -> str:
        """Where the certificate stands."""
        return self.secret.path(self.pair[0])


@dataclass(frozen=True, eq=False)
class ClientCa:
    """A Secret whose CA bundle verifies the clients of some servers."""

    secret: Secret
    servers: list[Server]

    @property
    def pair(self) -> tuple[str, str]:
        """The names of the CA bundle that Istio reads, and of its CRL."""
        if self.secret.ca_keys is None:
            raise UnreadableError("there is no CA bundle")
        return self.secret.ca_keys

    @cached_property
    def bundle(self) -> tuple[Certificate, ...]:
        """The CA certificates."""
        return x509.certificates(self.secret.value(self.pair[0]))

    @property
    def path(self) -> str:
        """Where the CA bundle stands."""
        return self.secret.path(self.pair[0])
