"""Which check shows which of the rules' findings, so that each is shown once; a rule that is new is shown last."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, warning
from istio_ingress.rules import Finding, Severity
from istio_ingress.topology import ingresses

PORTS, CREDENTIALS, ROUTES, REST = "ports", "credentials", "routes", "rest"
_BEGINNINGS = {
    "host-": PORTS,
    "port-protocol-": PORTS,
    "gateway-port-unserved": PORTS,
    "gateway-selector-": PORTS,
    "ca-": CREDENTIALS,
    "certificate-": CREDENTIALS,
    "credential-": CREDENTIALS,
    "crl-": CREDENTIALS,
    "mutual-ca-": CREDENTIALS,
    "tls-credential-": CREDENTIALS,
    "delegate-": ROUTES,
    "match-": ROUTES,
    "route-": ROUTES,
    "tls-route-": ROUTES,
    "virtualservice-": ROUTES,
    "wildcard-routes-": ROUTES,
}


def owned(facts: Facts, owner: str) -> list[Finding]:
    """The findings that one check shows."""
    return [finding for finding in facts.findings if _owner(finding) == owner]


def lines(findings: list[Finding]) -> Iterator[Line]:
    """A line for each."""
    for finding in findings:
        subject = finding.origin if ingresses.is_of_ingress(finding) else finding.resource
        seen = f"{finding.message} [{finding.rule}]"
        if finding.waived:
            yield ok(subject, f"{seen} Waived: {finding.waived}")
        else:
            say = failed if finding.severity is Severity.ERROR else warning
            yield say(subject, seen, finding.remedy)


def _owner(finding: Finding) -> str:
    return next((owner for start, owner in _BEGINNINGS.items() if finding.rule.startswith(start)), REST)
