"""What can be wrong with an Istio ingress: pure functions over plain manifests.

    findings = rules.check(manifests, now=datetime.now(UTC), settings=rules.Settings(production=True))

Manifests are mappings as YAML or JSON hold them; a value that is not known yet is `rules.UNKNOWN`. The rules import the
standard library only; those about certificates use `cryptography` where it is installed.
"""

from istio_ingress.rules import catalog as catalog
from istio_ingress.rules.checking import check, of_several_clusters
from istio_ingress.rules.finding import Finding, Severity
from istio_ingress.rules.kinds import not_read
from istio_ingress.rules.registry import Rule, all_rules
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import UNKNOWN, Manifest
from istio_ingress.x509 import available as reads_certificates

__all__ = [
    "UNKNOWN",
    "Finding",
    "Manifest",
    "Rule",
    "Settings",
    "Severity",
    "all_rules",
    "check",
    "not_read",
    "of_several_clusters",
    "reads_certificates",
]
