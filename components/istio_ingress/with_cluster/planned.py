"""What `pulumi preview --json` says will be, cluster by cluster."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from istio_ingress import rules
from istio_ingress.pulumi_preview import has_failed, is_gone, is_hidden, manifest
from istio_ingress.with_cluster.access import FIELDS, Access
from istio_ingress.with_cluster.joined import Identity, written_by

_PROVIDER = "pulumi:providers:kubernetes"


@dataclass
class PlannedCluster:
    """What a preview plans for the cluster of one provider."""

    provider: str
    """Its name in the program."""
    access: Access | None
    """How it reaches the cluster; None where the preview does not say it."""
    namespace: str = ""
    """That of objects which name none."""
    manifests: list[rules.Manifest] = field(default_factory=list)
    gone: set[Identity] = field(default_factory=set)
    """The objects that it takes away."""
    created: set[Identity] = field(default_factory=set)
    """Those that it makes."""

    def taken(self, living: Iterable[rules.Manifest]) -> list[rules.Manifest]:
        """Objects that live already, of somebody else, under the name of one that is to be created."""
        own = {Identity.of(one, self.namespace or "default"): written_by(one) for one in self.manifests}
        return [
            rules.Manifest(one, f"the cluster's, which {written_by(one) or 'somebody else'} writes", owned=True)
            for one in living
            if (key := Identity.of(one)) in self.created and (not written_by(one) or written_by(one) != own[key])
        ]


def is_preview(text: str) -> bool:
    """Whether a text may be what `pulumi preview --json` prints."""
    return text.lstrip().startswith("{") and '"steps"' in text and '"urn"' in text


@dataclass(frozen=True)
class Plan:
    """What a preview says."""

    clusters: list[PlannedCluster]
    has_failed: bool
    """Whether it ended with an error, and shows only what it had planned until then."""


def read(text: str) -> Plan | None:
    """What a preview plans for each of its clusters; None where the text is none."""
    try:
        preview = json.loads(text)
        steps = [step for step in preview["steps"] if str(step["urn"]).startswith("urn:pulumi:")]
        return Plan(list(_clusters(steps).values()), has_failed(preview))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _clusters(steps: Iterable[Mapping[str, Any]]) -> dict[str, PlannedCluster]:
    steps = list(steps)
    providers = {
        str(step["urn"]): step["newState"]["inputs"]
        for step in steps
        if f"::{_PROVIDER}::" in str(step["urn"]) and (step.get("newState") or {}).get("inputs")
    }
    clusters: dict[str, PlannedCluster] = {}
    for step in steps:
        for state in ("newState", "oldState"):
            _note(step, step.get(state) or {}, state == "newState", providers, clusters)
    for cluster in clusters.values():
        cluster.gone -= {
            key for one in cluster.manifests if (key := Identity.of(one, cluster.namespace or "default")) is not None
        }
    return clusters


def _note(
    step: Mapping[str, Any],
    state: Mapping[str, Any],
    is_new: bool,
    providers: Mapping[str, Mapping[str, Any]],
    clusters: dict[str, PlannedCluster],
) -> None:
    found = manifest(str(step["urn"]), state)
    if found is None:
        return
    provider = str(state.get("provider", "")).rpartition("::")[0]
    cluster = clusters.setdefault(provider, _cluster(provider, providers.get(provider)))
    operation = str(step["op"])
    key = Identity.of(found, cluster.namespace or "default")
    if is_new and not is_gone(operation):
        cluster.manifests.append(found)
        if key and operation == "create":
            cluster.created.add(key)
    elif key and not is_new:
        cluster.gone.add(key)


def _cluster(provider: str, told: Mapping[str, Any] | None) -> PlannedCluster:
    name = provider.rpartition("::")[2]
    if told is None:
        return PlannedCluster(name, None)
    hidden = any(is_hidden(told.get(one)) for one in FIELDS)
    says = any(told.get(one) for one in FIELDS)
    return PlannedCluster(name, Access.of(told) if says and not hidden else None, str(told.get("namespace") or ""))
