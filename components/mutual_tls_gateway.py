"""HTTPS that asks for a client certificate: who is trusted, and certificates for those who are."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from . import arguments, given, istio, pem, revocation, tls_arguments
from .arguments import Complaint
from .credentials import ClientTrust
from .hosts import fit
from .leaves import (
    CLIENT,
    RENEW_BEFORE_DAYS,
    VALIDITY_DAYS,
    Certificate,
    CertifiedKey,
    Issuer,
    KeyAlgorithm,
    Leaf,
    bundle,
    issue,
)
from .outputs import by_name
from .revocation import Revocations
from .tls_arguments import TlsGatewayArgs, TlsHost
from .tls_serving import Site, authority, serve

DEFAULT_HOSTS: Sequence[TlsHost] = ({"host": "mutual.example.com", "organization": "httpbin organization"},)
_NAME = "MutualTlsGateway"


class ClientVerification(Enum):
    """What happens to a client without a certificate. One with a wrong certificate is always refused."""

    REQUIRED = "MUTUAL"
    """The handshake fails."""

    OPTIONAL = "OPTIONAL_MUTUAL"
    """It is let in."""


class Client(TypedDict):
    """A client that gets a certificate of ours."""

    name: str
    """What it is called here and in the outputs, a DNS label."""

    common_name: NotRequired[pulumi.Input[str]]
    """Subject CN, at most 64 characters. Default: the name."""

    organization: NotRequired[pulumi.Input[str]]
    """Subject O. Default: none."""

    key_algorithm: NotRequired[KeyAlgorithm]
    """Default: EC P-256."""

    validity_days: NotRequired[int]
    """Default: 365."""

    renew_before_days: NotRequired[int]
    """Renewed this many days before the end, by the first update from then on. Default: 30."""

    leaf_generation: NotRequired[int]
    """Raised, this client gets a new key and certificate. Default: 1."""


class MutualTlsGatewayArgs(TlsGatewayArgs):
    """What is reachable over TLS, and by whom. By default mutual.example.com, by clients of the component's own CA."""

    verification: NotRequired[ClientVerification]
    """Default: a certificate is required."""

    client_authority: NotRequired[Issuer]
    """Who signs the clients' certificates, and is trusted for them. Default: who signs the server's."""

    client_ca: NotRequired[pulumi.Input[str]]
    """One or more CA certificates to trust instead, PEM. Where `clients` are issued as well, theirs is trusted too."""

    clients: NotRequired[Sequence[Client]]
    """Who gets a certificate. Default: nobody."""

    crl: NotRequired[pulumi.Input[str]]
    """Revocation lists, PEM: a current one for every trusted CA, or Envoy refuses all of that CA's clients."""

    revoked: NotRequired[Revocations]
    """Who is refused, in lists that the clients' authority signs anew in time. Lists of other CAs go in `crl`. Both
    need the extra `certificates`, the Python package cryptography."""


class MutualTlsGateway(pulumi.ComponentResource):
    """A Gateway that ends TLS for its hosts and verifies the client's certificate."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    ca_certificate: pulumi.Output[str]
    """What clients must trust: the authority's bundle, PEM."""

    client_ca_certificate: pulumi.Output[str]
    """Whose client certificates are trusted, PEM."""

    crl: pulumi.Output[str]
    """The revocation lists that the gateway reads, PEM; empty where there are none."""

    credentials: pulumi.Output[dict[str, str]]
    """Names of the Secrets in the gateway's namespace, by host name with dashes for dots."""

    client_certificates: pulumi.Output[dict[str, str]]
    """The issued certificates by client name, PEM."""

    client_keys: pulumi.Output[dict[str, str]]
    """Their keys by client name, PEM, a secret."""

    def __init__(self, name: str, args: MutualTlsGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the gateway.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        hosts = args.get("hosts", DEFAULT_HOSTS)
        _check(name, args, hosts)
        super().__init__("istio-ingress:index:MutualTlsGateway", name, {}, opts)
        issuer = authority(self, name, args, hosts, *map(_validity_days, args.get("clients", ())))
        client_issuer = issuer
        if "client_authority" in args:
            client_issuer = given.issuer(_NAME, name, "client_authority", args["client_authority"])
        issued = {
            client["name"]: _issued(self, name, client, args, client_issuer) for client in args.get("clients", ())
        }
        trusted = _trusted(args, client_issuer)
        crl = _revocations(name, args, client_issuer, issued, trusted)
        trust = ClientTrust(trusted, crl)
        site = Site(
            component=self,
            name=name,
            args=args,
            gateway_name=args.get("gateway_name", fit(name, "mtls")),
            target=istio.Target(**args.get("gateway", {})),
            issuer=issuer,
            trust=trust,
            issued=list(issued.values()),
        )
        mode = ClientVerification(args.get("verification", ClientVerification.REQUIRED))
        self.credentials = serve(site, hosts, mode.value)
        self.hosts = pulumi.Output.all(*(one for host in hosts for one in tls_arguments.served(host)))
        self.ca_certificate = bundle(issuer)
        self.client_ca_certificate = trust.ca
        self.crl = crl if crl is not None else pulumi.Output.from_input("")
        self.client_certificates = by_name({client: made.certificate for client, made in issued.items()})
        self.client_keys = by_name({client: made.private_key for client, made in issued.items()})
        self.register_outputs(
            {
                "hosts": self.hosts,
                "ca_certificate": self.ca_certificate,
                "client_ca_certificate": self.client_ca_certificate,
                "crl": self.crl,
                "credentials": self.credentials,
                "client_certificates": self.client_certificates,
                "client_keys": self.client_keys,
            }
        )


def _trusted(args: MutualTlsGatewayArgs, issuer: Issuer) -> pulumi.Output[str]:
    """The given bundle; the issuer's where none is given; both where the issuer has clients that must get in."""
    if "client_ca" not in args:
        return bundle(issuer)
    if "clients" not in args:
        return pulumi.Output.from_input(args["client_ca"])
    return pulumi.Output.concat(args["client_ca"], "\n", bundle(issuer))


def _revocations(
    name: str,
    args: MutualTlsGatewayArgs,
    issuer: Issuer,
    issued: Mapping[str, Certificate],
    trusted: pulumi.Output[str],
) -> pulumi.Output[str] | None:
    """The given lists and those of the issuer, once they are known to fit who is trusted."""
    lists = [args["crl"]] if "crl" in args else []
    authorities = [trusted]
    if "revoked" in args:
        signing: CertifiedKey = {"certificate": issuer["certificate"], "private_key": issuer["private_key"]}
        certificates = [issued[client].certificate for client in args["revoked"].get("clients", ())]
        authorities.append(pulumi.Output.from_input(issuer.get("chain", issuer["certificate"])))
        lists.append(revocation.signed(args["revoked"], [signing, *issuer.get("crl_signers", ())], certificates))
    if not lists:
        return None

    def fitting(known: list[list[str]]) -> str:
        together, trusted = ("\n".join(texts) for texts in known)
        arguments.refuse_first(_NAME, name, revocation.misfits(together, trusted, datetime.now(UTC)))
        return together

    return pulumi.Output.all(pulumi.Output.all(*lists), pulumi.Output.all(*authorities)).apply(fitting)


def _validity_days(client: Client) -> int:
    return client.get("validity_days", VALIDITY_DAYS)


def _issued(
    component: pulumi.Resource, name: str, client: Client, args: MutualTlsGatewayArgs, issuer: Issuer
) -> Certificate:
    leaf = Leaf(
        uses=CLIENT,
        common_name=client.get("common_name", client["name"]),
        organization=client.get("organization"),
        key_algorithm=KeyAlgorithm(client.get("key_algorithm", KeyAlgorithm.ECDSA_P256)),
        validity_days=_validity_days(client),
        renew_before_days=client.get("renew_before_days", RENEW_BEFORE_DAYS),
        generation=str(client.get("leaf_generation", 1)),
        revoked=client["name"] in args.get("revoked", {}).get("clients", ()),
    )
    return issue(f"{name}-client-{client['name']}", leaf, issuer, component)


def _check(name: str, args: MutualTlsGatewayArgs, hosts: Sequence[TlsHost]) -> None:
    tls_arguments.check(_NAME, name, args, hosts, MutualTlsGatewayArgs)
    for field in sorted({"crl", "revoked"} & args.keys()):
        pem.demand_reader(_NAME, name, field)
    if isinstance(args.get("client_authority", {}).get("certificate"), str):
        pem.demand_reader(_NAME, name, "client_authority.certificate")
    arguments.refuse_first(_NAME, name, _complaints(args, hosts))


def _complaints(args: MutualTlsGatewayArgs, hosts: Sequence[TlsHost]) -> Iterator[Complaint]:
    clients = args.get("clients", ())
    if "client_authority" in args:
        longest = max((_validity_days(client) for client in clients), default=0)
        for complaint in given.issuer_complaints(args["client_authority"], longest):
            yield complaint.under("client_authority")
    issuer = args.get("client_authority", args.get("authority"))
    for index, client in enumerate(clients):
        validity = _validity_days(client)
        renew_before = client.get("renew_before_days", RENEW_BEFORE_DAYS)
        for complaint in tls_arguments.time_complaints(issuer, validity, renew_before):
            yield complaint.under(f"clients[{index}]")
    for client_name, times in Counter(client["name"] for client in clients).items():
        if times > 1:
            yield Complaint("clients", client_name, "named once: two clients have this name")
    if any("existing_credential" in host for host in hosts):
        for field in sorted({"client_authority", "client_ca", "clients", "crl", "revoked"} & args.keys()):
            yield Complaint(field, "given", "left out: the existing_credential brings the clients' CA and revocations")
    yield from _revocation_complaints(args)


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
        whole = client_ca if isinstance(client_ca, str) and not clients else None
        yield from revocation.misfits(crl, whole, datetime.now(UTC))
