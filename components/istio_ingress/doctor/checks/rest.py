"""The rules over what lives in the cluster: what no other check has shown."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress import rules
from istio_ingress.doctor.checks import owners
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, ok, unknown
from istio_ingress.rules.words import some


def check(facts: Facts) -> Iterator[Line]:
    """Every finding that is not about a port, a credential or a route."""
    facts.cluster.of("Gateway")
    findings = owners.owned(facts, owners.REST)
    yield from owners.lines(findings)
    judged = f"{len(rules.all_rules())} rules over {len(facts.manifests)} objects"
    if facts.cluster.denied:
        kinds = some(facts.cluster.denied)
        text = f"{judged}; what is missing was not judged, because not everything could be read: {kinds}"
        yield unknown("rules", text, "Ask for the right to list them, or name your own namespaces with --namespace.")
    elif not findings:
        scope = "" if facts.cluster.is_whole else " of the namespaces that were named"
        yield ok("rules", f"{judged}{scope} found nothing{' but what is said above' if facts.findings else ''}")
