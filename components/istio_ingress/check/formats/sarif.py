"""SARIF 2.1.0 (OASIS), which code scanning services read."""

from __future__ import annotations

import json
import os
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from istio_ingress.check.report import Report, place
from istio_ingress.rules import Finding, Rule, all_rules

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def write(report: Report) -> str:
    """One run: its rules, its findings (waived ones as suppressed), and the files that could not be read."""
    used = {finding.rule for finding in report.findings}
    rules = [rule for rule in all_rules() if rule.id in used]
    number = {rule.id: position for position, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "istio-ingress", **_version(), "rules": [_rule(rule) for rule in rules]}},
        "invocations": [
            {
                "executionSuccessful": not report.unreadable,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": str(one)}} for one in report.unreadable
                ],
            }
        ],
        "results": [_result(finding, number[finding.rule]) for finding in report.findings],
        "properties": {"summary": report.summary},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _version() -> dict[str, str]:
    try:
        return {"version": metadata.version("istio-ingress")}
    except metadata.PackageNotFoundError:
        return {}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": f"Source: {rule.source}."},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    file, line = place(finding.origin)
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": f"{finding.resource} {finding.path}", "kind": "resource"}]
    }
    if file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(file)}}
        if line:
            location["physicalLocation"]["region"] = {"startLine": line}
    result = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity.value,
        "message": {"text": f"{finding.resource} {finding.path}: {finding.message} {finding.remedy}"},
        "locations": [location],
        # The same finding in another commit, whose lines may have moved.
        "partialFingerprints": {"object/v1": f"{finding.rule} {finding.resource} {finding.path}"},
    }
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "justification": finding.waived}]
    return result


def _uri(file: str) -> str:
    """Relative to where the command runs, as a repository's root is meant; a file elsewhere in full."""
    relative = os.path.relpath(file)
    return Path(file).absolute().as_uri() if relative.startswith("..") else quote(Path(relative).as_posix())
