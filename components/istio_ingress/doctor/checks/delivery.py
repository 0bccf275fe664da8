"""What Envoy was given: every credential and CA bundle, the same as in its Secret, and a listener for every host."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor import handshakes
from istio_ingress.doctor.checks import owners
from istio_ingress.doctor.checks.credentials import chain_in, loaded, unloadable, uses
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown, warning
from istio_ingress.live.certificates import Chain
from istio_ingress.live.cluster import SECRET
from istio_ingress.live.envoy import Envoy
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.rules.hosts import is_within
from istio_ingress.rules.secrets import Secret

_ISTIOD_LOG = "kubectl logs -n istio-system deploy/istiod | grep {name}"


def check(facts: Facts) -> Iterator[Line]:
    """Pod by pod, what is missing; then what all have."""
    facts.cluster.of("Gateway")
    facts.cluster.of(SECRET)
    _ = facts.pods  # where they cannot be asked for, that is said instead
    if not facts.envoys:
        raise NotAskedError("no gateway pod is ready")
    asked: dict[str, Envoy] = {}
    for pod, answer in facts.envoys.items():
        if isinstance(answer, LiveError):
            step = f"kubectl auth can-i create pods/exec -n {facts.gateway.namespace}; kubectl describe pod"
            yield unknown(f"Envoy of {pod}", str(answer), step)
        else:
            asked[pod] = answer
            yield from (
                failed(f"Envoy of {pod}", f"it refused a listener: {reason}", _ISTIOD_LOG.format(name=pod))
                for reason in answer.refused
            )
    if asked:
        yield from _secrets(facts, asked)
        yield from _names(facts, asked)


def _secrets(facts: Facts, envoys: dict[str, Envoy]) -> Iterator[Line]:
    for use in uses(facts):
        given = list(loaded(facts, use))
        if not given:
            kept = sorted(pod for pod, envoy in envoys.items() if use.name in envoy.secrets)
            if kept:
                seen = f"{kept[0]} still serves the one it had; it loses it when it restarts"
                yield warning(f"credential {use.name}", seen, handshakes.new_secret(facts, use.name))
        for name, secret, key in given:
            yield from _secret(facts, name, secret, key, envoys)


def _secret(facts: Facts, name: str, secret: Secret, key: str, envoys: dict[str, Envoy]) -> Iterator[Line]:
    label = "/".join(secret.labelled())
    fault = unloadable(secret, key)
    if fault:
        step = "Put the whole PEM text there, each BEGIN and END on a line of its own."
        yield failed(f"credential {name}", f"Envoy refuses Secret {label}: {fault}", step)
        return
    wanted = chain_in(secret, (key, ""))
    if wanted is None:
        return  # `credentials` says what is wrong with it
    problems: dict[str, list[str]] = {}
    for pod, envoy in envoys.items():
        problem = _problem(name, wanted, envoy)
        if problem:
            problems.setdefault(problem, []).append(pod)
    for problem, pods in problems.items():
        step = handshakes.undelivered(facts, name)
        yield failed(f"credential {name}", f"{problem} (in {', '.join(pods)}); Secret {label} is there", step)
    if not problems:
        everyone = "the gateway pod has" if len(envoys) == 1 else f"all {len(envoys)} gateway pods have"
        yield ok(f"credential {name}", f"{everyone} {key!r} of Secret {label}")


def _problem(name: str, wanted: Chain, envoy: Envoy) -> str:
    if name not in envoy.secrets:
        return "Envoy asked for it and still waits" if name in envoy.warming else "Envoy was not given it"
    try:
        held = Chain.read(envoy.secrets[name])
    except LiveError:
        return "Envoy holds something that is no certificate"
    if held.fingerprints != wanted.fingerprints:
        return "Envoy holds another certificate than the Secret"
    return ""


def _names(facts: Facts, envoys: dict[str, Envoy]) -> Iterator[Line]:
    """TLS hosts for which Envoy has no filter chain: their server was dropped, or has not arrived."""
    names = frozenset.intersection(*(envoy.names for envoy in envoys.values()))
    listened = [(entry.host, entry.listener) for entry in facts.topology.entries]
    wanted = [(host, one) for host, one in listened if one and one.shows_certificate]
    for host, resource, port in sorted({(host, one.resource, one.port) for host, one in wanted}):
        if host != "*" and not is_within(host, names):
            seen = f"Envoy has no TLS listener for it, though {resource} has the host"
            said = [one for one in owners.owned(facts, owners.PORTS) if one.resource == resource and not one.waived]
            step = next((one.remedy for one in said), f"istioctl proxy-status; {handshakes.by_hand(facts, host, port)}")
            yield failed(f"host {host}", "; ".join([seen, *(one.message for one in said[:1])]), step)
