"""Asks for everything that the checks read: each thing once, side by side where nothing depends on another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from istio_ingress.doctor import config_maps
from istio_ingress.doctor.asking import Asker
from istio_ingress.doctor.expected import Expectations
from istio_ingress.doctor.facts import Answers, Facts
from istio_ingress.doctor.probes import Probes
from istio_ingress.live import cluster, declared, envoy, world
from istio_ingress.live.certificates import Chain
from istio_ingress.live.client import send, shown_certificate
from istio_ingress.live.cluster import SECRET
from istio_ingress.live.declared import Declared
from istio_ingress.live.envoy import Envoy
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.live.gather import attempt, cluster_facts, servers
from istio_ingress.live.scope import Scope
from istio_ingress.requests import checks, found, sending
from istio_ingress.topology.manifests import name_of

T = TypeVar("T")
SIDE_BY_SIDE = 8
#: A gateway can have many pods, and all are given the same.
PODS = 5
#: How many requests are sent to find out which routes answer.
MOST_REQUESTS = 200


def all_facts(scope: Scope, certificates: Path, most: int = MOST_REQUESTS) -> Facts:
    """The same, what Envoy was given, the certificates that are shown, and the answers to the stack's requests."""
    facts = Facts.of(cluster_facts(scope))
    if isinstance(facts.cluster.server, LiveError):
        unasked = NotAskedError("the cluster does not answer")
        return replace(
            facts, stray_secrets=unasked, may_read_secrets=unasked, shown=unasked, results=unasked, answers=unasked
        )
    with ThreadPoolExecutor() as pool:
        ours = pool.submit(attempt, _declared, facts)
        strays = pool.submit(attempt, cluster.namespaces_of_secrets, _missing(facts))
        rights = pool.submit(attempt, _may_read_secrets, facts)
        maps = pool.submit(config_maps.ask, facts)
        envoys = pool.submit(_envoys, facts)
        shown = pool.submit(attempt, _shown, facts)
        results = pool.submit(attempt, _results, facts, certificates, most, ours)
        answers = pool.submit(attempt, _answers, facts, scope, most)
        facts.stray_secrets, facts.may_read_secrets = strays.result(), rights.result()
        facts.envoys, facts.shown = envoys.result(), shown.result()
        facts.config_maps = maps.result()
        asked = results.result()
        facts.results, facts.unasked = (asked, ()) if isinstance(asked, LiveError) else asked
        facts.answers, facts.declared = answers.result(), ours.result()
    return facts


def _declared(facts: Facts) -> Sequence[Declared]:
    return declared.ask() if facts.has_stack else ()


def _missing(facts: Facts) -> list[str]:
    """The credentials that do not stand where the gateway reads them."""
    if isinstance(facts.cluster.objects.get(SECRET), LiveError):
        return []
    present = {name for _, name in map(name_of, facts.cluster.of(SECRET))}
    return sorted({name for server in servers(facts) for name in facts.credentials_of(server)} - present)


def _may_read_secrets(facts: Facts) -> bool:
    return cluster.may_list_secrets(facts.gateway.namespace, facts.account)


def _envoys(facts: Facts) -> dict[str, Envoy | LiveError]:
    pods = attempt(lambda: facts.ready_pods)
    names = [] if isinstance(pods, LiveError) else sorted(name_of(pod)[1] for pod in pods)[:PODS]
    return dict(zip(names, _each(lambda pod: envoy.ask(facts.gateway.namespace, pod), names), strict=True))


def _shown(facts: Facts) -> dict[tuple[str, int], Chain | LiveError]:
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
        raise LiveError(str(error) or type(error).__name__) from None


def _answers(facts: Facts, scope: Scope, most: int) -> Answers:
    if most == 0:
        raise NotAskedError("--max-requests 0 sends no request")
    _require_pods(facts)
    probes = Probes(facts).all()
    others, denied = world.others([*scope.namespaces, facts.gateway.namespace] if scope.namespaces else [])
    asked = Asker(facts, Expectations(facts, others, complete=not denied), send).ask(probes[:most])
    return Answers(asked, max(len(probes) - most, 0))


def _results(
    facts: Facts, certificates: Path, most: int, ours: Future[Sequence[Declared] | LiveError]
) -> tuple[Sequence[sending.Result], Sequence[str]]:
    """The answers to what is expected, and a sentence for each that cannot be sent."""
    if most == 0:
        raise NotAskedError("--max-requests 0 sends no request")
    if isinstance(facts.outputs, LiveError):
        raise NotAskedError("the stack's outputs could not be read")
    _require_pods(facts)
    known = Expectations(facts, [], complete=True).world
    expected = found.at_gateway(known, str(facts.gateway))
    if facts.has_stack:
        objects = ours.result()
        if isinstance(objects, LiveError):
            raise NotAskedError(f"the stack's objects are not known: {str(objects).removesuffix('.')}")
        expected = found.of_objects(expected, objects)
    asked, left = checks.checks(expected[:most], known, lambda _: facts.address, facts.outputs)
    clients = sending.clients(facts.outputs, sorted(checks.names_shown(asked)))
    asked, without = checks.with_clients(asked, clients)
    anyone = not facts.has_stack
    results = sending.run(asked, facts.outputs, certificates, known=clients, believes_anyone=anyone)
    return results, left + (without if facts.has_stack else [])


def _require_pods(facts: Facts) -> None:
    if not facts.ready_pods:
        raise NotAskedError("no gateway pod is ready")


def _each(ask: Callable[[Any], T], things: Sequence[Any]) -> list[T | LiveError]:
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return list(pool.map(lambda thing: attempt(ask, thing), things))
