"""Every host's way to the pods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from istio_ingress.doctor.checks import owners
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown, warning
from istio_ingress.rules.words import some
from istio_ingress.topology import Backend, Entry, Health


def check(facts: Facts) -> Iterator[Line]:
    """What the rules say of routes, what is missing behind them, then the hosts that are well."""
    facts.cluster.of("Gateway")
    facts.cluster.of("VirtualService")
    findings = owners.owned(facts, owners.ROUTES)
    for line in owners.lines(findings):
        yield replace(line, subject=f"{line.subject}{_hosts(facts, line.subject)}")
    said = {finding.message for finding in findings}
    told: set[str] = set()
    for entry in facts.topology.entries:
        troubles = [*entry.troubles, *(trouble for backend in backends(entry) for trouble in backend.troubles)]
        for trouble in troubles:
            if trouble.text not in said and trouble.text not in told:
                told.add(trouble.text)
                say = warning if trouble.is_warning else failed
                yield say(f"host {entry.host}", trouble.text, trouble.remedy)
        if not troubles and all(route.health < Health.BROKEN for route in entry.routes):
            yield _way(entry)


def backends(entry: Entry) -> list[Backend]:
    """The Services behind a host, each once."""
    return list(dict.fromkeys(backend for route in entry.routes for backend in route.backends))


def _hosts(facts: Facts, resource: str) -> str:
    routed = (entry.host for entry in facts.topology.entries for route in entry.routes if route.resource == resource)
    hosts = list(dict.fromkeys(routed))
    return f" ({some(hosts)})" if hosts else ""


def _way(entry: Entry) -> Line:
    listener = entry.listener.title if entry.listener else "no listener"
    steps = [listener, *dict.fromkeys(route.resource for route in entry.routes)]
    if entry.listener and entry.listener.redirects:
        return ok(f"host {entry.host}", f"{listener}: redirected to https")
    if entry.listener and entry.listener.mode == "AUTO_PASSTHROUGH":
        return ok(f"host {entry.host}", f"{listener}: handed on to the Service that the client's SNI names")
    behind = backends(entry)
    pods = ", ".join(f"{one.name}:{one.port} ({one.ready} of {len(one.pods)} pods ready)" for one in behind)
    answers = ", ".join(route.answer for route in entry.routes if route.answer)
    end = " and ".join(filter(None, [pods, answers]))
    way = " → ".join(filter(None, [*steps, end]))
    if not end:
        step = "Give it a route with a destination: http for HTTP, tls for PASSTHROUGH, tcp for TCP."
        return warning(f"host {entry.host}", f"{way} and nothing behind: no route leads anywhere", step)
    if any(not one.is_known for one in behind):
        names = ", ".join(one.name for one in behind if not one.is_known)
        return unknown(f"host {entry.host}", f"{way}; what is behind {names} cannot be seen")
    return ok(f"host {entry.host}", way)
