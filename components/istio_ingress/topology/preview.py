"""What `pulumi preview --json` says there will be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from istio_ingress import rules
from istio_ingress.pulumi_preview import FAILED, has_failed, is_gone, manifest
from istio_ingress.rules.index import Index
from istio_ingress.terminal import CommandError
from istio_ingress.topology import PlannedCertificate, Sources, Topology, build
from istio_ingress.topology.backends import PlannedPods

_LEAF = "tls:index/locallySignedCert:LocallySignedCert"
States = Mapping[str, Mapping[str, Any]]
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Planned:
    """The Kubernetes objects of a preview, and the certificates that it will issue."""

    manifests: tuple[rules.Manifest, ...]
    certificates: tuple[PlannedCertificate, ...]
    has_failed: bool = False
    """Whether the preview ended with an error, and shows only what it had planned until then."""
    left_out: int = 0
    """How many unchanged resources the preview does not show."""

    @classmethod
    def read(cls, text: str) -> Planned:
        """From the JSON that pulumi printed.

        Raises:
            CommandError: it is something else.
        """
        try:
            return cls._of(json.loads(text[text.find("{") :]))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise CommandError("this is not what `pulumi preview --json --show-sames` prints.") from None

    @classmethod
    def _of(cls, preview: Any) -> Planned:
        steps = [step for step in preview["steps"] if not is_gone(str(step["op"]))]
        states = {str(step["urn"]): step.get("newState") or step.get("oldState") or {} for step in steps}
        manifests = {urn: found for urn, state in states.items() if (found := manifest(urn, state))}
        certificates = [
            certificate
            for urn, one in manifests.items()
            if one["kind"] == "Secret" and (certificate := _certificate(urn, one, states))
        ]
        unchanged = sum(1 for step in steps if step["op"] == "same")
        left_out = (preview.get("changeSummary") or {}).get("same", 0) - unchanged
        return cls(tuple(manifests.values()), tuple(certificates), has_failed(preview), max(left_out, 0))

    def gaps(self) -> Iterator[str]:
        """What the preview does not show, in sentences."""
        if self.has_failed:
            yield f"{FAILED}."
        if self.left_out:
            missing = f"{self.left_out} unchanged resources are not in this preview"
            yield f"{missing}; `pulumi preview --json --show-sames` has them."

    def topology(self, now: datetime, settings: rules.Settings) -> Topology:
        """Every host and its way to what will run."""
        index = Index(self.manifests, now, settings)
        findings = rules.check(self.manifests, now=now, settings=settings)
        workloads = [one for one in self.manifests if one["kind"] in _WORKLOADS]
        return build(Sources(index, findings, PlannedPods(workloads), planned=self.certificates))


def _certificate(urn: str, secret: rules.Manifest, states: States) -> PlannedCertificate | None:
    """The leaf that a Secret is made of, and the request that it answers; a CA may be in the Secret too."""
    metadata = secret.get("metadata")
    for state in _dependencies(urn, states):
        inputs = state.get("inputs") or {}
        hours = inputs.get("validityPeriodHours")
        if state.get("type") == _LEAF and isinstance(hours, int) and not inputs.get("isCaCertificate"):
            requests = (one.get("inputs") or {} for one in _dependencies(str(state["urn"]), states))
            names = frozenset(str(name) for request in requests for name in request.get("dnsNames") or [])
            place = metadata if isinstance(metadata, Mapping) else {}
            name = str(place.get("namespace") or ""), str(place.get("name"))
            return PlannedCertificate(name, urn.rpartition("::")[2], names, hours // 24)
    return None


def _dependencies(urn: str, states: States) -> Iterator[Mapping[str, Any]]:
    for dependency in (states.get(urn) or {}).get("dependencies") or []:
        if dependency in states:
            yield states[dependency]
