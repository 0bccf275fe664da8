"""Asks for everything that the checks read: each thing once, side by side where nothing depends on another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import rules
from doctor import cluster, envoy, walkthrough
from doctor.certificates import Chain
from doctor.client import shown_certificate
from doctor.cluster import SECRET, name_of
from doctor.envoy import Envoy
from doctor.errors import DoctorError, NotAskedError
from doctor.facts import Facts, GatewayName
from doctor.tools import stack_config, stack_outputs
from doctor.topology.findings import known
from rules.resources import MUTUAL_MODES, Server
from rules.secrets import CA_SUFFIX

T = TypeVar("T")
SIDE_BY_SIDE = 8
#: The components' own configuration, in whatever project.
_CONFIG = "istio-ingress"
#: A gateway can have many pods, and all are given the same.
PODS = 5


@dataclass(frozen=True)
class Wish:
    """What a person asked to look at."""

    gateway: GatewayName | None = None
    """Instead of the stack's; the stack is then not asked at all."""
    namespaces: tuple[str, ...] = ()
    """Only these, and the gateway's."""
    expiry_days: int | None = None
    waivers: Mapping[str, str] = field(default_factory=dict)

    def settings(self, config: Mapping[str, Any] | DoctorError) -> rules.Settings:
        """For the rules: what the stack's configuration says, and above it what was asked for.

        Raises:
            DoctorError: a waiver names no rule, or has no reason.
        """
        told = {} if isinstance(config, DoctorError) else config
        due = self.expiry_days if self.expiry_days is not None else told.get(f"{_CONFIG}:certificate_due_days")
        waivers = told.get(f"{_CONFIG}:waivers")
        default = rules.Settings()
        try:
            settings = rules.Settings(
                production=told.get(f"{_CONFIG}:production") == "true",
                expiry_days=default.expiry_days if due is None else int(due),
                waivers={**(waivers if isinstance(waivers, Mapping) else {}), **self.waivers},
            )
            rules.check([], now=now(), settings=settings, only=[])  # where a waiver of no rule is refused
        except ValueError as error:
            raise DoctorError(f"{error}.") from None
        return settings


def cluster_facts(wish: Wish) -> Facts:
    """The objects of the cluster with the Secrets that its Gateways name, and the stack's outputs."""
    with ThreadPoolExecutor() as pool:
        outputs_asked = pool.submit(_try, _outputs, wish)
        config_asked = pool.submit(config, wish)
        if not wish.namespaces:
            objects_asked = pool.submit(cluster.ask)
        outputs = outputs_asked.result()
        gateway = wish.gateway or gateway_of(outputs)
        found = cluster.ask([*wish.namespaces, gateway.namespace]) if wish.namespaces else objects_asked.result()
    # What Istio does not look for elsewhere is not looked for elsewhere here.
    settings = replace(wish.settings(config_asked.result()), gateway_namespaces={"": gateway.namespace})
    facts = Facts(now(), found, outputs, gateway, settings, has_stack=wish.gateway is None)
    if isinstance(found.server, DoctorError):
        return replace(facts, cluster=found.with_secrets(NotAskedError("the cluster does not answer")))
    whole = found.with_secrets(_try(cluster.secrets, gateway.namespace, _credentials(facts)))
    return replace(facts, cluster=whole, settings=replace(settings, complete=whole.has_everything()))


def all_facts(wish: Wish, certificates: Path) -> Facts:
    """The same, what Envoy was given, the certificates that are shown, and the answers to the stack's requests."""
    facts = cluster_facts(wish)
    if isinstance(facts.cluster.server, DoctorError):
        unasked = NotAskedError("the cluster does not answer")
        return replace(facts, stray_secrets=unasked, may_read_secrets=unasked, shown=unasked, results=unasked)
    with ThreadPoolExecutor() as pool:
        strays = pool.submit(_try, cluster.namespaces_of_secrets, _missing(facts))
        rights = pool.submit(_try, _may_read_secrets, facts)
        envoys = pool.submit(_envoys, facts)
        shown = pool.submit(_try, _shown, facts)
        results = pool.submit(_try, _results, facts, certificates)
        facts.stray_secrets, facts.may_read_secrets = strays.result(), rights.result()
        facts.envoys, facts.shown, facts.results = envoys.result(), shown.result(), results.result()
    return facts


def _outputs(wish: Wish) -> Mapping[str, Any]:
    return {} if wish.gateway else stack_outputs(show_secrets=True)


def _config(wish: Wish) -> Mapping[str, Any]:
    return {} if wish.gateway else stack_config()


def gateway_of(outputs: Mapping[str, Any] | DoctorError) -> GatewayName:
    """The gateway that a stack's outputs name, or else the one that `istioctl install` makes."""
    told = {} if isinstance(outputs, DoctorError) else outputs.get("gateway")
    told, default = told if isinstance(told, Mapping) else {}, GatewayName()
    return GatewayName(told.get("namespace", default.namespace), told.get("service", default.service))


def _credentials(facts: Facts) -> list[str]:
    """The names under which the gateway may look for Secrets."""
    names: set[str] = set()
    for server in _servers(facts):
        read = facts.credentials_of(server)
        names.update(read)
        if known(getattr, server, "mode") in MUTUAL_MODES:
            told = known(lambda server=server: server.tls.text("caCertCredentialName"))  # type: ignore[misc]
            base = (told or (read or [""])[0]).removesuffix(CA_SUFFIX)
            names |= {base, base + CA_SUFFIX} if base and "/" not in base else set()
    return sorted(names)


def _missing(facts: Facts) -> list[str]:
    """The credentials that do not stand where the gateway reads them."""
    if isinstance(facts.cluster.objects.get(SECRET), DoctorError):
        return []
    present = {name for _, name in map(name_of, facts.cluster.of(SECRET))}
    return sorted({name for server in _servers(facts) for name in facts.credentials_of(server)} - present)


def _servers(facts: Facts) -> Iterator[Server]:
    for gateway in facts.gateways:
        yield from gateway.servers


def _may_read_secrets(facts: Facts) -> bool:
    return cluster.may_list_secrets(facts.gateway.namespace, facts.account)


def _envoys(facts: Facts) -> dict[str, Envoy | DoctorError]:
    pods = _try(lambda: facts.ready_pods)
    names = [] if isinstance(pods, DoctorError) else sorted(name_of(pod)[1] for pod in pods)[:PODS]
    return dict(zip(names, _each(lambda pod: envoy.ask(facts.gateway.namespace, pod), names), strict=True))


def _shown(facts: Facts) -> dict[tuple[str, int], Chain | DoctorError]:
    """A handshake for every host of every TLS server, believing whatever is shown."""
    _require_pods(facts)
    entries = facts.topology.entries
    listened = [(entry.host, entry.listener) for entry in entries]
    wanted = sorted({(host, one.port) for host, one in listened if one and one.shows_certificate})
    return dict(zip(wanted, _each(lambda place: _handshake(facts, *place), wanted), strict=True))


def _handshake(facts: Facts, host: str, port: int) -> Chain:
    found = facts.address
    if port not in found.by_number:
        raise NotAskedError(f"Service {facts.gateway} has no port {port}, so nobody outside reaches it")
    try:
        return Chain.read(shown_certificate(found.host, found.by_number[port], host.replace("*", "any", 1)))
    except OSError as error:
        raise DoctorError(str(error) or type(error).__name__) from None


def _results(facts: Facts, certificates: Path) -> Sequence[walkthrough.Result]:
    if isinstance(facts.outputs, DoctorError):
        raise NotAskedError("the stack's outputs could not be read")
    _require_pods(facts)
    return walkthrough.run(walkthrough.checks(facts.outputs, facts.address), facts.outputs, certificates)


def _require_pods(facts: Facts) -> None:
    if not facts.ready_pods:
        raise NotAskedError("no gateway pod is ready")


def _each(ask: Callable[[Any], T], things: Sequence[Any]) -> list[T | DoctorError]:
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda thing: _try(ask, thing), things))


def _try(ask: Callable[..., T], *arguments: Any) -> T | DoctorError:
    try:
        return ask(*arguments)
    except DoctorError as error:
        return error


def config(wish: Wish) -> Mapping[str, Any] | DoctorError:
    """The configuration of the stack, unless no stack was asked for."""
    return _try(_config, wish)


def now() -> datetime:
    """The moment, with its time zone."""
    return datetime.now(UTC)
