"""Two policies, so that errors can stop an update while warnings are only shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from istio_ingress import rules

_CONFIG = PolicyConfigSchema(
    properties={
        "production": {"type": "boolean", "description": "The stack is a production one."},
        "expiryDays": {"type": "integer", "minimum": 0, "description": "Certificates must be valid for so many days."},
        "istioVersion": {"type": "string", "description": "The release of Istio that runs, such as 1.29."},
        "gatewayNamespaces": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": 'Where gateway pods run: {"istio=ingressgateway": "istio-system"}.',
        },
        "severities": {
            "type": "object",
            "additionalProperties": {"type": "string", "enum": ["error", "warning"]},
            "description": 'How bad a rule is, where it is not what docs/rules.md says: {"host-shared": "error"}.',
        },
        "waivers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Rules that do not apply here, and why: {rule: reason}, or "
            '{"rule Kind namespace/name": reason} for one object.',
        },
    }
)


def manifests(resources: Sequence[PolicyResource]) -> list[rules.Manifest]:
    """The Kubernetes resources of a stack as manifests, whatever provider made them; the URN is the origin."""
    found = []
    for resource in resources:
        manifest = rules.Manifest(known(resource.props), resource.urn)
        is_kubernetes = all(isinstance(manifest.get(key), str) for key in ("apiVersion", "kind"))
        if is_kubernetes and not resource.resource_type.endswith("Patch"):
            found.append(manifest)
    return found


def known(value: Any) -> Any:
    """A value of a resource, with `rules.UNKNOWN` for what `pulumi preview` does not know yet."""
    if isinstance(value, Mapping):
        return {key: _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_item(value, position) for position in range(len(value))]
    return value


def settings(config: Mapping[str, Any]) -> rules.Settings:
    """The settings that a policy's configuration asks for.

    Raises:
        ValueError: one makes no sense.
    """
    spelled = {re.sub("([A-Z])", r"_\1", key).lower(): key for key in _CONFIG.properties}
    return rules.Settings.of({name: config.get(key) for name, key in spelled.items()}, spelled)


def released(resources: Sequence[PolicyResource], default: str) -> set[str]:
    """The namespaces of Helm releases, whose objects nobody sees; `*` for one that is not known yet."""
    props = [known(one.props) for one in resources if one.resource_type == "kubernetes:helm.sh/v3:Release"]
    named = [one.get("namespace") or default for one in props]
    return {one if isinstance(one, str) else "*" for one in named}


def may_come(finding: rules.Finding, unseen: set[str]) -> bool:
    """Whether what a finding misses may come with something unseen."""
    if finding.absent_from == "*":
        return bool(unseen)
    return bool(finding.absent_from and unseen & {finding.absent_from, "*"})


def policy(severity: rules.Severity, level: EnforcementLevel, waivers: dict[str, str]) -> StackValidationPolicy:
    """The policy that reports the findings of one severity.

    Args:
        severity: Of what it reports.
        level: What the engine does about it, unless it is told otherwise.
        waivers: Those of the policies before it, which hold here too; its own are added.
    """

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        try:
            told = settings(args.get_config())
            waivers.update(told.waivers)
            told = replace(told, waivers=dict(waivers), program=True)
            findings = rules.check(manifests(args.resources), now=datetime.now(UTC), settings=told)
        except ValueError as error:
            report(f"The policy's configuration is wrong: {error}.", None)
            return
        unseen = released(args.resources, told.namespace or "default")
        for finding in findings:
            if finding.severity is severity and not finding.waived and not may_come(finding, unseen):
                report(finding.sentence(), finding.origin or None)

    return StackValidationPolicy(
        name=f"istio-ingress-{severity.value}s",
        description=f"The Istio ingress has no {severity.value}s.",
        validate=validate,
        enforcement_level=level,
        config_schema=_CONFIG,
    )


def policies() -> list[StackValidationPolicy]:
    """Errors stop an update, warnings are shown; a policy's configuration can say otherwise."""
    waivers: dict[str, str] = {}
    return [
        policy(rules.Severity.ERROR, EnforcementLevel.MANDATORY, waivers),
        policy(rules.Severity.WARNING, EnforcementLevel.ADVISORY, waivers),
    ]


def serve() -> None:
    """Answer the Pulumi engine until it ends this process."""
    PolicyPack(name="istio-ingress", policies=list(policies()), description="What can be wrong with an Istio ingress.")


def _item(container: Any, key: Any) -> Any:
    try:
        return known(container[key])
    except UnknownValueError:
        return rules.UNKNOWN
