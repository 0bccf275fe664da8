"""For programs that know this linter."""

from __future__ import annotations

import json

from istio_ingress.check.report import Report


def write(report: Report) -> str:
    """Every finding with all its fields, what was not read, and which files could not be."""
    return json.dumps(
        {
            "manifests": report.judged,
            "not_read": dict(report.not_read),
            "unreadable": [{"file": one.name, "reason": one.reason} for one in report.unreadable],
            "findings": [finding.as_dict() for finding in report.findings],
        },
        indent=2,
    )
