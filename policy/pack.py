"""Two policies, so that errors can stop an update while warnings are only shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

import rules

_CONFIG = PolicyConfigSchema(
    properties={
        "production": {"type": "boolean", "description": "The stack is a production one."},
        "expiryDays": {"type": "integer", "minimum": 0, "description": "Certificates must be valid for so many days."},
        "gatewayNamespaces": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": 'Where gateway pods run: {"istio=ingressgateway": "istio-system"}.',
        },
        "waivers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Rules that do not apply here, and why: {rule: reason}.",
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
    """The settings that a policy's configuration asks for."""
    default = rules.Settings()
    return rules.Settings(
        production=bool(config.get("production", default.production)),
        expiry_days=int(config.get("expiryDays", default.expiry_days)),
        gateway_namespaces=dict(config.get("gatewayNamespaces") or {}),
        waivers=dict(config.get("waivers") or {}),
    )


def policy(severity: rules.Severity, level: EnforcementLevel) -> StackValidationPolicy:
    """The policy that reports the findings of one severity."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        try:
            told = settings(args.get_config())
            wanted = [rule for rule in rules.all_rules() if rule.severity is severity]
            findings = rules.check(manifests(args.resources), now=datetime.now(UTC), settings=told, only=wanted)
        except ValueError as error:
            report(f"The policy's configuration is wrong: {error}.", None)
            return
        for finding in findings:
            if not finding.waived:
                where = f"{finding.resource} {finding.path}".rstrip()
                report(f"{finding.rule}: {where}: {finding.message} {finding.remedy}", finding.origin)

    return StackValidationPolicy(
        name=f"istio-ingress-{severity.value}s",
        description=f"The Istio ingress has no {severity.value}s.",
        validate=validate,
        enforcement_level=level,
        config_schema=_CONFIG,
    )


def policies() -> list[StackValidationPolicy]:
    """Errors stop an update, warnings are shown; a policy's configuration can say otherwise."""
    return [
        policy(rules.Severity.ERROR, EnforcementLevel.MANDATORY),
        policy(rules.Severity.WARNING, EnforcementLevel.ADVISORY),
    ]


def serve() -> None:
    """Answer the Pulumi engine until it ends this process."""
    PolicyPack(name="istio-ingress", policies=list(policies()), description="What can be wrong with an Istio ingress.")


def _item(container: Any, key: Any) -> Any:
    try:
        return known(container[key])
    except UnknownValueError:
        return rules.UNKNOWN
