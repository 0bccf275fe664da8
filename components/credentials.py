"""The Secret that a gateway reads its key, certificate and client CA from, in each of the formats that Istio knows.

A credential stands in the namespace of the gateway's pods and is referred to by its bare name. By default its name ends
in a digest of its contents: a changed certificate then creates the new Secret, moves the gateway over and only then
deletes the old one, and an update that repeats a killed one finds its Secret by the same name. With a fixed name the
provider has to delete before it creates, unless it is configured with `kubernetes:enableSecretMutable`, which makes it
an update in place.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from . import review
from .leaves import Certificate
from .objects import metadata, name_by_contents


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
        secret_name: a fixed name instead of one by its contents.
        secret_format: which keys, and how many Secrets.
        trust: for client certificates.
    """
    keys = _FORMATS[secret_format]
    ca = _ca(keys, trust)
    own = {keys.private_key: certificate.private_key, keys.certificate: certificate.certificate}
    # With the CA in a Secret of its own a new CA still makes a new name for both: the new pair is complete before the
    # old one goes, and no handshake meets a gateway without a CA.
    public = {"format": secret_format.value, keys.certificate: certificate.certificate} | ca
    chosen = secret_name or name_by_contents(name, public)
    known_as = secret_name or review.alias(name)
    if secret_format is not SecretFormat.SEPARATE_CA:
        return _secret(name, own | ca, parent, namespace, chosen, known_as)
    made = _secret(name, own, parent, namespace, chosen, known_as)
    if not ca:
        return made
    # Who is told the credential's name is told when the CA is there, too.
    ca_name = pulumi.Output.concat(made, "-cacert")
    of_ca = _secret(f"{name}-cacert", ca, parent, namespace, ca_name, f"{known_as}-cacert")
    return review.known_as(pulumi.Output.all(made, of_ca).apply(lambda names: names[0]), known_as)


def _ca(keys: _Keys, trust: ClientTrust | None) -> dict[str, pulumi.Input[str]]:
    if trust is None:
        return {}
    return {keys.ca: trust.ca} | ({keys.crl: trust.crl} if trust.crl is not None else {})


def _secret(
    name: str,
    contents: Mapping[str, pulumi.Input[str]],
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    secret_name: pulumi.Input[str],
    known_as: str,
) -> pulumi.Output[str]:
    """A Secret of `contents`, as `data`: the provider would see a change in every `stringData` that it reads back."""
    data = {key: pulumi.Output.from_input(text).apply(_encoded) for key, text in contents.items()}
    secret = Secret(
        name,
        metadata=metadata(namespace, secret_name),
        type="kubernetes.io/tls" if "tls.crt" in contents else "Opaque",
        data=data,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    review.contents(secret, known_as, data)
    return review.known_as(secret.metadata.apply(lambda made: str(made.name)), known_as)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
