"""The Secret that a gateway reads its key, certificate and client CA from, in each of the formats that Istio knows.

A credential stands in the namespace of the gateway's pods and is referred to by its bare name. By default its name is
made with a random tail: a changed certificate then creates the new Secret, moves the gateway over and only then deletes
the old one. With a fixed name the provider has to delete before it creates, unless it is configured with
`kubernetes:enableSecretMutable`, which makes it an update in place.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from .leaves import Certificate
from .objects import metadata


class SecretFormat(Enum):
    """Under which keys a gateway finds its credential (Istio's secure gateway pages)."""

    TLS = "tls"
    """`tls.key`, `tls.crt`, and for client certificates `ca.crt`."""

    GENERIC = "generic"
    """`key`, `cert`, and for client certificates `cacert`."""

    SEPARATE_CA = "separate-ca"
    """`key`, `cert`, and for client certificates `cacert` in a Secret of its own, `<credential>-cacert`."""


class _Keys(NamedTuple):
    """A format's names for the things in the Secret."""

    private_key: str
    certificate: str
    ca: str
    crl: str


_CA_ENDING = "-cacert"
_TLS_KEYS = _Keys("tls.key", "tls.crt", "ca.crt", "ca.crl")
_GENERIC_KEYS = _Keys("key", "cert", "cacert", "crl")
_FORMATS = {
    SecretFormat.TLS: _TLS_KEYS,
    SecretFormat.GENERIC: _GENERIC_KEYS,
    SecretFormat.SEPARATE_CA: _GENERIC_KEYS,
}


@dataclass(frozen=True)
class ClientTrust:
    """Whose client certificates a gateway accepts."""

    ca: pulumi.Output[str]
    """One or more CA certificates, PEM."""

    crl: pulumi.Input[str] | None = None
    """Revocation lists, PEM. Envoy then refuses everyone whose CA has no current one among them."""


def credential(
    name: str,
    certificate: Certificate,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    secret_name: str | None = None,
    secret_format: SecretFormat = SecretFormat.TLS,
    trust: ClientTrust | None = None,
) -> pulumi.Output[str]:
    """Declare the Secret and give its name, known once it exists.

    Args:
        name: the Pulumi name.
        certificate: the server's key and chain.
        parent: the component.
        namespace: where the gateway's pods run.
        secret_name: a fixed name instead of a made one.
        secret_format: which keys, and how many Secrets.
        trust: for client certificates.
    """
    keys = _FORMATS[secret_format]
    own = {keys.private_key: certificate.private_key, keys.certificate: certificate.certificate}
    ca = _ca(keys, trust)
    if secret_format is not SecretFormat.SEPARATE_CA:
        return _secret(name, own | ca, parent, namespace, secret_name)
    # Under a made name a new CA makes a new credential too, and with it a new name for `<credential>-cacert`: both are
    # created before the old ones go. Under a fixed name the engine would then delete what it has just created. The
    # gateway learns the name from the CA's Secret, so no handshake meets it without a CA.
    made = _secret(name, own, parent, namespace, secret_name, replaced_with=None if secret_name else list(ca.values()))
    if not ca:
        return made
    ca_name = _secret(f"{name}{_CA_ENDING}", ca, parent, namespace, pulumi.Output.concat(made, _CA_ENDING))
    return ca_name.apply(lambda made: made.removesuffix(_CA_ENDING))


def _ca(keys: _Keys, trust: ClientTrust | None) -> dict[str, pulumi.Input[str]]:
    if trust is None:
        return {}
    return {keys.ca: trust.ca} | ({keys.crl: trust.crl} if trust.crl is not None else {})


def _secret(
    name: str,
    contents: Mapping[str, pulumi.Input[str]],
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    secret_name: pulumi.Input[str] | None,
    replaced_with: list[pulumi.Input[str]] | None = None,
) -> pulumi.Output[str]:
    """A Secret of `contents`, as `data`: the provider would see a change in every `stringData` that it reads back."""
    secret = Secret(
        name,
        metadata=metadata(namespace, secret_name),
        type="kubernetes.io/tls" if "tls.crt" in contents else "Opaque",
        data={key: pulumi.Output.from_input(text).apply(_encoded) for key, text in contents.items()},
        opts=pulumi.ResourceOptions(parent=parent, replacement_trigger=replaced_with or None),
    )
    named: pulumi.Output[str] = secret.metadata.apply(lambda made: str(made.name))
    return named


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
