"""Secrets as the credentials that a gateway reads."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from istio_ingress import x509
from istio_ingress.rules.credential_keys import IN_ORDER
from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.resources import Resource, Server
from istio_ingress.rules.values import MalformedError
from istio_ingress.rules.words import some
from istio_ingress.x509 import BUNDLE, CHAIN, Certificate, UnreadableError

if TYPE_CHECKING:
    from cryptography.x509 import CertificateRevocationList as RevocationList

_CA_KEYS = frozenset(keys.ca for keys in IN_ORDER)


def kind_of(key: str) -> x509.Kind:
    """What Envoy reads the value of this name as."""
    return BUNDLE if key in _CA_KEYS else CHAIN


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
        pairs = ((keys.certificate, keys.private_key) for keys in IN_ORDER)
        return next((pair for pair in pairs if all(map(self.has, pair))), None)

    @cached_property
    def ca_keys(self) -> tuple[str, str] | None:
        """The names of the CA bundle that Istio reads, and of its CRL."""
        return next(((keys.ca, keys.crl) for keys in IN_ORDER if self.has(keys.ca)), None)

    def certificates(self, key: str) -> tuple[Certificate, ...]:
        """The certificates that Envoy finds in a value.

        Raises:
            UnreadableError: it finds none, or refuses the value.
        """
        return x509.certificates(self.value(key), kind_of(key))

    def public_key(self, key: str) -> bytes:
        """The public half of the private key in a value.

        Raises:
            UnreadableError: Envoy refuses the value.
        """
        return x509.public_bytes(x509.private_key(self.value(key), validated=False).public_key())

    def revocation_lists(self, key: str) -> list[RevocationList]:
        """The revocation lists that Envoy finds in a value.

        Raises:
            UnreadableError: it finds none, or refuses the value.
        """
        return x509.revocation_lists(self.value(key))

    def loaded_with(self, key: str) -> dict[str, Callable[[str], object]]:
        """The names of the values that Envoy loads together with one, itself first, and what reads each."""
        found: dict[str, Callable[[str], object]] = {key: self.certificates}
        for keys in IN_ORDER:
            if key == keys.certificate:
                found[keys.private_key] = self.public_key
            if key == keys.ca and self.has(keys.crl):
                found[keys.crl] = self.revocation_lists
        return found

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
        return self.secret.certificates(self.pair[0])

    @cached_property
    def public_key(self) -> bytes:
        """The public half of the private key."""
        return self.secret.public_key(self.pair[1])

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
        return self.secret.certificates(self.pair[0])

    @property
    def path(self) -> str:
        """Where the CA bundle stands."""
        return self.secret.path(self.pair[0])
