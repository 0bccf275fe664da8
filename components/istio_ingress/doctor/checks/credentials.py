"""The Secrets and ConfigMaps that the gateway reads: there, parsed, valid, for the right hosts and clients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from istio_ingress.doctor import config_maps
from istio_ingress.doctor.checks import owners
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown
from istio_ingress.live.certificates import Chain, subject
from istio_ingress.live.cluster import SECRET
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import certain
from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.rules.resources import Server
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import MalformedError, UnknownValueError, known
from istio_ingress.rules.words import some
from istio_ingress.topology.ingresses import called
from istio_ingress.x509 import UnreadableError

#: This check finds it by itself, and can say where else there is such a Secret.
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
    yield from _config_maps(facts)


def _config_maps(facts: Facts) -> Iterator[Line]:
    """Of each ConfigMap with the CA of clients the same as of a Secret."""
    reading: dict[config_maps.Name, Server] = {}
    for gateway in facts.gateways:
        for server in gateway.servers:
            named = config_maps.named_by(server)
            if named:
                reading.setdefault(named, server)
    for named, server in reading.items():
        name, found = f"ConfigMap {'/'.join(named)}", facts.config_maps.get(named)
        if isinstance(found, LiveError):
            yield unknown(name, f"could not be asked: {found}")
        elif found is None:
            seen = f"it does not exist, and {called(server.gateway)} needs it for {some(server.hosts)}"
            step = f"kubectl create configmap -n {named[0]} {named[1]} --from-file=ca.crt=…"
            yield failed(name, seen, step)
        else:
            yield _client_ca_in(facts, server, config_maps.as_secret(found))


def _missing(facts: Facts, use: Use) -> Line:
    namespace = facts.gateway.namespace
    seen = f"it does not exist, and {called(use.servers[0].gateway)} needs it for {some(use.hosts)}"
    strays = facts.stray_secrets
    elsewhere = [] if isinstance(strays, LiveError) else [one for one in strays.get(use.name, []) if one != namespace]
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
        if secret.labelled() in wrong:
            continue
        yield _client_ca_in(facts, server, secret)
        return


def _client_ca_in(facts: Facts, server: Server, secret: Secret) -> Line:
    """What is to be said of the CA of a server's clients."""
    name = f"client CA in {'/'.join(secret.labelled())}"
    bundle = chain_in(secret, secret.ca_keys)
    fault = unloadable(secret, secret.ca_keys[0]) if secret.ca_keys else "it holds no CA certificates"
    if bundle is None or fault:
        return failed(name, f"Envoy refuses it: {fault}", "Put the CA certificates there, in PEM.")
    shown = facts.client_certificate
    told = [host for host in server.hosts if host in facts.hosts.get("mutual", [])]
    names = some(subject(one) for one in bundle.certificates)
    if told and shown and not shown.is_issued_by(bundle):
        return failed(
            name,
            f"it trusts {names}, which did not issue the stack's client certificate {subject(shown.first)}: "
            f"{some(told)} refuses it",
            "pulumi up --refresh, or put the CA of the clients into the bundle.",
        )
    return ok(name, f"{names}, {bundle.ends(facts.now)}")


def chain_in(secret: Secret, keys: tuple[str, str] | None) -> Chain | None:
    """The certificates under the first of these keys, where they can be read."""
    try:
        return Chain(secret.certificates(keys[0])) if keys else None
    except (UnknownValueError, MalformedError, UnreadableError):
        return None


def unloadable(secret: Secret, key: str) -> str:
    """Why Envoy does not load what is under a key, and what goes with it; empty where it does."""
    for name, read in secret.loaded_with(key).items():
        try:
            read(name)
        except UnreadableError as error:
            return f"{name!r} is {error}"
        except (UnknownValueError, MalformedError):
            continue
    return ""


def loaded(facts: Facts, use: Use) -> Iterator[tuple[str, Secret, str]]:
    """What Envoy should have been given for a credential: its name there, the Secret, and the key in the Secret."""
    certain(facts.cluster.objects[SECRET])
    secret = known(facts.index.secrets.find, facts.gateway.namespace, use.name)
    if secret is not None and secret.server_keys:
        yield use.name, secret, secret.server_keys[0]
    for server, bundle in _client_cas(facts, use):
        told = known(lambda server=server: server.tls.text("caCertCredentialName"))  # type: ignore[misc]
        yield told or use.name + CA_SUFFIX, bundle, (bundle.ca_keys or ("",))[0]
        return


def _client_cas(facts: Facts, use: Use) -> Iterator[tuple[Server, Secret]]:
    """The servers that ask for client certificates, and the Secrets with the CAs of those."""
    for server in use.servers:
        secret = known(facts.index.client_ca, server)
        # Of two credentials the first one's name counts.
        if secret is not None and secret.ca_keys and facts.credentials_of(server)[0] == use.name:
            yield server, secret
