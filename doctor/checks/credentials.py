"""The Secrets that the gateway reads: present where it looks, parsed, valid, for the right hosts and clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from doctor.certificates import Chain, subject
from doctor.checks import owners
from doctor.cluster import SECRET
from doctor.errors import DoctorError
from doctor.facts import Facts, certain
from doctor.report import Line, failed, ok
from doctor.topology.findings import called, known
from rules.resources import Server
from rules.secrets import Secret
from rules.words import some

#: Said here, and more exactly, whether or not everything could be read.
_ABSENT = "credential-absent"


@dataclass
class Use:
    """A credential's name and the servers that read it."""

    name: str
    servers: list[Server] = field(default_factory=list)

    @property
    def hosts(self) -> list[str]:
        """The hosts of those servers."""
        return [host for server in self.servers for host in server.hosts]


def uses(facts: Facts) -> list[Use]:
    """Every credential that the gateway's servers name, once."""
    found: dict[str, Use] = {}
    for gateway in facts.gateways:
        for server in gateway.servers:
            for name in facts.credentials_of(server):
                found.setdefault(name, Use(name)).servers.append(server)
    return list(found.values())


def check(facts: Facts) -> Iterator[Line]:
    """What is wrong with credentials, then those that are right."""
    facts.cluster.of("Gateway")
    facts.cluster.of(SECRET)
    findings = [one for one in owners.owned(facts, owners.CREDENTIALS) if one.rule != _ABSENT]
    yield from owners.lines(findings)
    wrong = {(one.namespace, one.name) for one in findings if one.kind == SECRET and not one.waived}
    for use in uses(facts):
        secret = known(facts.index.secrets.find, facts.gateway.namespace, use.name)
        if secret is None:
            yield _missing(facts, use)
        elif secret.labelled() not in wrong:
            yield from _certificate(facts, use, secret)
        yield from _client_ca(facts, use, wrong)


def _missing(facts: Facts, use: Use) -> Line:
    namespace = facts.gateway.namespace
    seen = f"it does not exist, and {called(use.servers[0].gateway)} needs it for {some(use.hosts)}"
    strays = facts.stray_secrets
    elsewhere = [] if isinstance(strays, DoctorError) else [one for one in strays.get(use.name, []) if one != namespace]
    if elsewhere:
        seen += f"; there is one in {', '.join(elsewhere)}, where the gateway does not look"
        step = f"Create it in {namespace}, the namespace of the gateway's pods, and delete the other."
    else:
        step = f"pulumi up --refresh, or kubectl create secret tls -n {namespace} {use.name} --cert=… --key=…"
    return failed(f"Secret {namespace}/{use.name}", seen, step)


def _certificate(facts: Facts, use: Use, secret: Secret) -> Iterator[Line]:
    name = f"Secret {'/'.join(secret.labelled())}"
    chain = chain_in(secret, secret.server_keys)
    if chain is None:
        yield failed(name, "it holds no certificate that can be read", "pulumi up --refresh")
        return
    for purpose in ("tls", "mutual"):
        trusted = facts.authority(purpose)
        told = [host for host in use.hosts if host in facts.hosts.get(purpose, [])]
        if told and trusted and not chain.is_issued_by(trusted):
            yield failed(
                name,
                f"it holds {chain.describe(facts.now)}; the stack's own CA, {subject(trusted.first)}, did not issue "
                f"it: clients that trust the stack's CA refuse {some(told)}",
                "pulumi up --refresh, or export the CA that issued it.",
            )
            return
    yield ok(name, chain.describe(facts.now))


def _client_ca(facts: Facts, use: Use, wrong: set[tuple[str, str]]) -> Iterator[Line]:
    for server, secret in _client_cas(facts, use):
        bundle = chain_in(secret, secret.ca_keys)
        if bundle is None or secret.labelled() in wrong:
            continue
        name = f"client CA in {'/'.join(secret.labelled())}"
        shown = facts.client_certificate
        told = [host for host in server.hosts if host in facts.hosts.get("mutual", [])]
        names = some(subject(one) for one in bundle.certificates)
        if told and shown and not shown.is_issued_by(bundle):
            yield failed(
                name,
                f"it trusts {names}, which did not issue the stack's client certificate {subject(shown.first)}: "
                f"{some(told)} refuses it",
                "pulumi up --refresh, or put the CA of the clients into the bundle.",
            )
        else:
            yield ok(name, f"{names}, {bundle.ends(facts.now)}")
        return


def chain_in(secret: Secret, keys: tuple[str, str] | None) -> Chain | None:
    """The certificates under the first of these keys, where they can be read."""
    try:
        return Chain.read(known(secret.value, keys[0]) or b"") if keys else None
    except DoctorError:
        return None


def loaded(facts: Facts, use: Use) -> Iterator[tuple[str, Secret, str]]:
    """What Envoy should have been given for a credential: its name there, the Secret, and the key in the Secret."""
    certain(facts.cluster.objects[SECRET])
    secret = known(facts.index.secrets.find, facts.gateway.namespace, use.name)
    if secret is not None and secret.server_keys:
        yield use.name, secret, secret.server_keys[0]
    for server, bundle in _client_cas(facts, use):
        told = known(lambda server=server: server.tls.text("caCertCredentialName"))  # type: ignore[misc]
        yield told or f"{use.name}-cacert", bundle, (bundle.ca_keys or ("",))[0]
        return


def _client_cas(facts: Facts, use: Use) -> Iterator[tuple[Server, Secret]]:
    """The servers that ask for client certificates, and the Secrets with the CAs of those."""
    for server in use.servers:
        secret = known(facts.index.client_ca, server)
        # Of two credentials the first one's name counts.
        if secret is not None and secret.ca_keys and facts.credentials_of(server)[0] == use.name:
            yield server, secret
