"""What can be wrong with an Istio ingress: pure functions over plain manifests.

    findings = rules.check(manifests, now=datetime.now(UTC), settings=rules.Settings(production=True))

Manifests are mappings as YAML or JSON hold them; a value that is not known yet is `rules.UNKNOWN`. The rules import the
standard library only; those about certificates use `cryptography` where it is installed.
"""

from rules import catalog as catalog
from rules.checking import check
from rules.finding import Finding, Severity
from rules.registry import Rule, all_rules
from rules.settings import Settings
from rules.values import UNKNOWN, Manifest
from rules.x509 import available as reads_certificates

__all__ = ["UNKNOWN", "Finding", "Manifest", "Rule", "Settings", "Severity", "all_rules", "check", "reads_certificates"]
