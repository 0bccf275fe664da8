"""The Secret that a gateway reads its key, certificate and client CA from, in each of the formats that Istio knows.

A credential stands in the namespace of the gateway's pods and is referred to by its bare name. By default its name ends
in a digest of its contents: a changed certificate then creates the new Secret, moves the gateway over and only then
deletes the old one, and an update that repeats a killed one finds its Secret by the same name. With a fixed name the
provider has to delete before it creates, unless it is configured with `kubernetes:enableSecretMutable`, which makes it
an update in place.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from ..arguments.inputs import computed
from ..arguments.secret_format import SecretFormat
from ..names import object_name
from ..pki.issuing import KeyPair
from ..preview import review
from ..rules.credential_keys import CA_SUFFIX, GENERIC, TLS, Keys
from .objects import metadata, name_by_contents, options

_FORMATS = {SecretFormat.TLS: TLS, SecretFormat.GENERIC: GENERIC, SecretFormat.SEPARATE_CA: GENERIC}


@dataclass(frozen=True)
class ClientTrust:
    """Whose client certificates a gateway accepts."""

    ca: pulumi.Output[str] | None
    """One or more CA certificates, PEM; None where somebody else keeps them."""

    crl: pulumi.Input[str] | None = None
    """Revocation lists, PEM. Envoy then refuses everyone whose CA has no current one among them."""

    credential: pulumi.Input[str] | None = None
    """The Secret or ConfigMap of somebody else that holds the CA."""

    names: Sequence[pulumi.Input[str]] = ()
    """The names of which a certificate must have one; none: any will do."""

    beside_kept: bool = False
    """Whether it holds too where somebody else keeps the server's credential, which may bring a CA of its own."""


def credential(
    name: str,
    pair: KeyPair,
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
        pair: the server's key and chain.
        parent: the component.
        namespace: where the gateway's pods run.
        secret_name: a fixed name instead of one by its contents.
        secret_format: which keys, and how many Secrets.
        trust: for client certificates.
    """
    keys = _FORMATS[secret_format]
    ca = _ca(keys, trust)
    own = {keys.private_key: pair.private_key, keys.certificate: pair.certificate}
    # With the CA in a Secret of its own a new CA still makes a new name for both: the new pair is complete before the
    # old one goes, and no handshake meets a gateway without a CA.
    public = {"format": secret_format.value, keys.certificate: pair.certificate} | ca
    chosen = secret_name or name_by_contents(object_name(name), public)
    known_as = secret_name or review.alias(object_name(name))
    if secret_format is not SecretFormat.SEPARATE_CA:
        return _secret(name, own | ca, parent, namespace, chosen, known_as)
    made = _secret(name, own, parent, namespace, chosen, known_as)
    if not ca:
        return made
    # The Gateway gets the credential's name from an Output of both Secrets, and so comes after both.
    ca_name = pulumi.Output.concat(made, CA_SUFFIX)
    of_ca = _secret(f"{name}{CA_SUFFIX}", ca, parent, namespace, ca_name, f"{known_as}{CA_SUFFIX}")
    return review.known_as(pulumi.Output.all(made, of_ca).apply(lambda names: names[0]), known_as)


def backend_credential(
    name: str,
    client: KeyPair | None,
    ca: pulumi.Output[str] | None,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
) -> pulumi.Output[str]:
    """Declare the Secret with which a gateway speaks TLS to a backend, and give its name, known once it exists.

    Args:
        name: the Pulumi name.
        client: the gateway's own certificate and key, if it shows them.
        ca: the authorities that the backend's certificate may come from, PEM.
        parent: the component.
        namespace: where the gateway's pods run.
    """
    public = {} if ca is None else {TLS.ca: ca}
    if client is None:
        contents = public
    else:
        public[TLS.certificate] = client.certificate
        contents = public | {TLS.private_key: client.private_key}
    own = object_name(name)
    return _secret(name, contents, parent, namespace, name_by_contents(own, public), review.alias(own))


def client_ca(
    name: str, trust: ClientTrust, *, parent: pulumi.Resource, namespace: pulumi.Input[str]
) -> pulumi.Output[str]:
    """Declare a Secret with nothing but the clients' CA, and give its name, known once it exists."""
    contents = _ca(TLS, trust)
    own = object_name(name)
    return _secret(name, contents, parent, namespace, name_by_contents(own, contents), review.alias(own))


def with_client_ca(
    name: str,
    kept: pulumi.Input[str],
    trust: ClientTrust,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
) -> pulumi.Output[str]:
    """Declare the Secret with the clients' CA that Istio finds by the name of a credential that somebody else keeps.

    Returns:
        The credential's name, known once there is one.
    """
    of_ca = _secret(
        f"{name}{CA_SUFFIX}",
        _ca(GENERIC, trust),
        parent,
        namespace,
        pulumi.Output.concat(kept, CA_SUFFIX),
        f"{kept if isinstance(kept, str) else review.alias(object_name(name))}{CA_SUFFIX}",
    )
    made = pulumi.Output.all(kept, of_ca).apply(lambda names: str(names[0]))
    return review.known_as(made, kept) if isinstance(kept, str) else made


def ca_reference(name: pulumi.Input[str]) -> pulumi.Input[str]:
    """The name of a Secret with a CA as a Gateway must say it: without the ending Istio looks for a server's key."""
    return computed(lambda told: told if "://" in told or told.endswith(CA_SUFFIX) else told + CA_SUFFIX, name)


def _ca(keys: Keys, trust: ClientTrust | None) -> dict[str, pulumi.Input[str]]:
    if trust is None or trust.ca is None:
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
        type="kubernetes.io/tls" if TLS.certificate in contents else "Opaque",
        data=data,
        opts=options(parent, protect=False),
    )
    review.contents(secret, known_as, data)
    return review.known_as(secret.metadata.apply(lambda made: str(made.name)), known_as)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
