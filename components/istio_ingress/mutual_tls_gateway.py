"""HTTPS that asks for a client certificate: who is trusted, and certificates for those who are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from .arguments import tls
from .arguments.hosts import TlsHost
from .arguments.schema import known
from .arguments.shared_gateway import SharedGateway
from .arguments.tls import TlsGatewayArgs, TlsPlan
from .certificate_authority import issuer_for
from .component import ALL_DEFAULTS, Component, by_name
from .manifests.credentials import ClientTrust
from .names import fit, object_name
from .pki import given_certificates, revocation
from .pki.issuing import (
    CLIENT,
    RENEW_BEFORE_DAYS,
    VALIDITY_DAYS,
    CertificateTemplate,
    Issuer,
    KeyPair,
    Subject,
    bundle,
    certificates_of,
    issue,
    signers,
    time_complaints,
)
from .pki.keys import KeyAlgorithm
from .pki.revocation import Revocations
from .refusal import Complaint, refuse_first
from .tls_gateway import serve, share

DEFAULT_HOSTS: Sequence[TlsHost] = ({"host": "mutual.example.com", "organization": "httpbin organization"},)


class ClientVerification(Enum):
    """What happens to a client without a certificate. One with a wrong certificate is always refused."""

    REQUIRED = "MUTUAL"
    """The handshake fails."""

    OPTIONAL = "OPTIONAL_MUTUAL"
    """It is let in."""


class ExtendedKeyUsage(Enum):
    """What a client's certificate is good for beside being a client's (RFC 5280, 4.2.1.12)."""

    SERVER_AUTH = "server_auth"
    CODE_SIGNING = "code_signing"
    EMAIL_PROTECTION = "email_protection"
    TIMESTAMPING = "timestamping"
    ANY = "any_extended"


class Client(TypedDict):
    """A client that gets a certificate of ours."""

    name: str
    """What it is called here and in the outputs, a DNS label."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: the name."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: none."""

    subject: NotRequired[Subject]
    """What else the subject says: country, province, locality, organizational unit. Default: nothing."""

    sans: NotRequired[Sequence[pulumi.Input[str]]]
    """Names of the client in its certificate (subjectAltName): DNS names, URIs such as `spiffe://shop.example/cart`, IP
    addresses. Default: none."""

    extended_key_usages: NotRequired[Sequence[ExtendedKeyUsage]]
    """What the certificate is good for beside being a client's, such as `server_auth`. Default: nothing."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """The kind of its key. Default: EC P-256."""

    validity_days: NotRequired[int]
    """How many days it is valid. Default: 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, this client gets a new key and certificate. Default: 1."""


class MutualTlsGatewayArgs(TlsGatewayArgs):
    """What is reachable over TLS, and by whom. By default mutual.example.com, by clients of the component's own CA."""

    verification: NotRequired[ClientVerification]
    """Whether a client must show a certificate. Default: it must."""

    client_authority: NotRequired[pulumi.Input[Issuer]]
    """Who signs the clients' certificates, and is trusted for them. Default: who signs the server's."""

    client_ca: NotRequired[pulumi.Input[str]]
    """One or more CA certificates to trust instead, PEM. Where `clients` are issued as well, theirs is trusted too."""

    client_ca_credential: NotRequired[pulumi.Input[str]]
    """Where somebody else keeps the CA certificates to trust instead, and their lists: the name of a Secret in the
    gateway's namespace (`ca.crt`, `ca.crl`), or `configmap://namespace/name` (`ca.crt`). Istio 1.28 and later."""

    client_names: NotRequired[Sequence[pulumi.Input[str]]]
    """Of the clients that are verified only those are let in whose certificate has one of these names (subjectAltName),
    letter by letter. Default: all."""

    clients: NotRequired[Sequence[Client]]
    """Who gets a certificate. Default: nobody."""

    crl: NotRequired[pulumi.Input[str]]
    """Revocation lists, PEM: a current one for every trusted CA, or Envoy refuses all of that CA's clients."""

    revoked: NotRequired[Revocations]
    """Who is refused, in lists that the clients' authority signs anew in time. Lists of other CAs go in `crl`. Both
    need the extra `certificates`, the Python package cryptography."""


_KINDS = ("Deployment", "Gateway", "Secret", "Service", "VirtualService")


class MutualTlsGateway(Component, takes=MutualTlsGatewayArgs, makes=_KINDS):
    """A Gateway that ends TLS for its hosts and verifies the client's certificate."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM."""

    client_ca_certificate: pulumi.Output[str]
    """Whose client certificates are trusted, PEM; empty where somebody else keeps them."""

    crl: pulumi.Output[str]
    """The revocation lists that the gateway reads, PEM; empty where there are none."""

    credentials: pulumi.Output[dict[str, str]]
    """Names of the Secrets in the gateway's namespace, by host name with dashes for dots."""

    shared: pulumi.Output[SharedGateway]
    """The Gateway as `HostRoutes` takes it, in this stack or another."""

    client_certificates: pulumi.Output[dict[str, str]]
    """The issued certificates by client name, PEM."""

    client_keys: pulumi.Output[dict[str, str]]
    """Their keys by client name, PEM, a secret."""

    def __init__(
        self, name: str, args: MutualTlsGatewayArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _pem_fields(args: MutualTlsGatewayArgs) -> Iterator[str]:
        yield from tls.pem_fields(args)
        yield from sorted({"crl", "revoked"} & args.keys())
        yield from Component._pem_fields(args)

    @staticmethod
    def _complaints(name: str, args: MutualTlsGatewayArgs) -> Iterator[Complaint]:
        plan = _plan(name, args)
        yield from tls.complaints(plan)
        yield from _complaints(args, plan)

    def _declare(self, name: str, args: MutualTlsGatewayArgs) -> None:
        plan = _plan(name, args)
        longest = max(plan.longest_validity, *map(_validity_days, args.get("clients", ())), 1)
        issuer = issuer_for(self, name, plan.authority, f"{name}-ca", longest)
        client_issuer = issuer
        if "client_authority" in args:
            authority = args["client_authority"]
            days = max(map(_validity_days, args.get("clients", ())), default=0)
            client_issuer = given_certificates.checked_issuer(self._kind, name, "client_authority", authority, days)
        issued = {
            client["name"]: _issued(self, name, client, args, client_issuer) for client in args.get("clients", ())
        }
        trusted = None if "client_ca_credential" in args else _trusted(self._kind, name, args, client_issuer)
        crl = None
        if trusted is not None:
            crl = _revocations(self._kind, name, args, client_issuer, issued, trusted)
        self.credentials = serve(
            self,
            name,
            plan,
            issuer,
            mode=ClientVerification(args.get("verification", ClientVerification.REQUIRED)).value,
            trust=ClientTrust(
                trusted,
                crl,
                credential=args.get("client_ca_credential"),
                names=args.get("client_names", ()),
                beside_kept=not _TRUSTED.isdisjoint(args),
            ),
            clients=list(issued.values()),
            known_clients={client: _is_taken(client, args) for client in issued},
        )
        self.hosts = pulumi.Output.all(*plan.served)
        self.ca_certificate = bundle(issuer)
        self.shared = share(plan, issuer)
        self.client_ca_certificate = pulumi.Output.from_input("") if trusted is None else trusted
        self.crl = crl if crl is not None else pulumi.Output.from_input("")
        self.client_certificates = by_name({client: pair.certificate for client, pair in issued.items()})
        self.client_keys = by_name({client: pair.private_key for client, pair in issued.items()})


# What says whose clients are trusted, also where the server's credential is kept by somebody else.
_TRUSTED = frozenset({"client_authority", "client_ca", "clients"})
_TEXTS = {"client_ca": given_certificates.BUNDLE, "crl": given_certificates.REVOCATION_LISTS}


def _plan(name: str, args: MutualTlsGatewayArgs) -> TlsPlan:
    return tls.resolve_plan(args, DEFAULT_HOSTS, default_name=fit(object_name(name), "mtls"))


def _trusted(kind: str, name: str, args: MutualTlsGatewayArgs, issuer: Issuer) -> pulumi.Output[str]:
    """The given bundle; the issuer's where none is given; both where the issuer has clients that must get in."""
    if "client_ca" not in args:
        return bundle(issuer)
    given = _TEXTS["client_ca"].once_known(kind, name, "client_ca", args["client_ca"])
    if "clients" not in args:
        return given
    return pulumi.Output.concat(given, "\n", bundle(issuer))


def _revocations(
    kind: str,
    name: str,
    args: MutualTlsGatewayArgs,
    issuer: Issuer,
    issued: Mapping[str, KeyPair],
    trusted: pulumi.Output[str],
) -> pulumi.Output[str] | None:
    """The given lists and those of the issuer, once they are known to fit who is trusted."""
    lists = [_TEXTS["crl"].once_known(kind, name, "crl", args["crl"])] if "crl" in args else []
    authorities = [trusted]
    if "revoked" in args:
        certificates = [issued[client].certificate for client in args["revoked"].get("clients", ())]
        sign = signers(issuer)
        authorities += [pulumi.Output.from_input(issuer.get("chain", issuer["certificate"])), certificates_of(sign)]
        lists.append(revocation.signed(args["revoked"], sign, certificates))
    if not lists:
        return None

    def fitting(known: list[list[str]]) -> str:
        together, trusted = ("\n".join(texts) for texts in known)
        refuse_first(kind, name, revocation.misfits(together, trusted, datetime.now(UTC)))
        return together

    return pulumi.Output.all(pulumi.Output.all(*lists), pulumi.Output.all(*authorities)).apply(fitting)


def _is_taken(client: str, args: MutualTlsGatewayArgs) -> bool | None:
    """Whether the gateway takes a client's certificate; what given lists say of it is not known."""
    return None if "crl" in args else client not in args.get("revoked", {}).get("clients", ())


def _validity_days(client: Client) -> int:
    return client.get("validity_days", VALIDITY_DAYS)


def _issued(
    component: pulumi.Resource, name: str, client: Client, args: MutualTlsGatewayArgs, issuer: Issuer
) -> KeyPair:
    template = CertificateTemplate(
        uses=(*CLIENT, *(ExtendedKeyUsage(each).value for each in client.get("extended_key_usages", ()))),
        common_name=client.get("common_name", client["name"]),
        organization=client.get("organization"),
        subject=client.get("subject", {}),
        sans=client.get("sans", ()),
        key_algorithm=KeyAlgorithm(client.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity_days=_validity_days(client),
        renew_before_days=client.get("renew_before_days", RENEW_BEFORE_DAYS),
        generation=str(client.get("leaf_generation", 1)),
        revoked=client["name"] in args.get("revoked", {}).get("clients", ()),
    )
    return issue(f"{name}-client-{client['name']}", template, issuer, component)


def _complaints(args: MutualTlsGatewayArgs, plan: TlsPlan) -> Iterator[Complaint]:
    clients = args.get("clients", ())
    yield from given_certificates.unreadable(args, _TEXTS)
    if "client_authority" in args:
        longest = max((_validity_days(client) for client in clients), default=0)
        for complaint in given_certificates.issuer_complaints(args["client_authority"], longest):
            yield complaint.under("client_authority")
    issuer = args.get("client_authority", args.get("authority"))
    for index, client in enumerate(clients):
        validity = _validity_days(client)
        renew_before = client.get("renew_before_days", RENEW_BEFORE_DAYS)
        for complaint in time_complaints(issuer, validity, renew_before):
            yield complaint.under(f"clients[{index}]")
    for client_name, times in Counter(client["name"] for client in clients).items():
        if times > 1:
            yield Complaint("clients", client_name, "named once: two clients have this name")
    if any(host.existing_credential is not None for host in plan.hosts) and _TRUSTED.isdisjoint(args):
        for field in sorted({"crl", "revoked"} & args.keys()):
            yield Complaint(field, "given", "left out: the existing_credential brings the clients' CA and revocations")
    if "client_ca_credential" in args:
        for field in sorted({"client_ca", "crl", "revoked"} & args.keys()):
            yield Complaint(field, "given", "left out: the client_ca_credential brings the clients' CA and its lists")
    yield from _name_complaints(args)
    yield from _revocation_complaints(args)


def _name_complaints(args: MutualTlsGatewayArgs) -> Iterator[Complaint]:
    names = args.get("client_names", ())
    if not names or not all(map(known, names)):
        return
    for index, client in enumerate(args.get("clients", ())):
        own = client.get("sans", ())
        if all(map(known, own)) and not {*own} & {*names}:
            wanted = "with one of client_names: nobody else is let in"
            yield Complaint(f"clients[{index}].sans", client.get("sans"), wanted)


def _revocation_complaints(args: MutualTlsGatewayArgs) -> Iterator[Complaint]:
    revoked, clients = args.get("revoked", {}), args.get("clients", ())
    for complaint in revocation.complaints(revoked):
        yield complaint.under("revoked")
    names = {client["name"] for client in clients}
    for client in revoked.get("clients", ()):
        if client not in names:
            wanted = "among clients; of one that is there no more, its number in serials"
            yield Complaint("revoked.clients", client, wanted)
    if "revoked" in args and "client_ca" in args and not clients:
        yield Complaint("revoked", "given", "left out: no key of client_ca is here to sign a list with; give its crl")
    crl, client_ca = args.get("crl"), args.get("client_ca")
    if isinstance(crl, str):
        whole = _TEXTS["client_ca"].written(client_ca) if isinstance(client_ca, str) and not clients else None
        yield from revocation.misfits(_TEXTS["crl"].written(crl), whole, datetime.now(UTC))
