"""What `pulumi preview --json` says there will be."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rules
from doctor.errors import DoctorError
from doctor.topology import PlannedCertificate, Sources, Topology, build
from doctor.topology.backends import PlannedPods
from rules.index import Index

#: What stands in a preview for a value that is not known yet, and for one that is secret.
_UNKNOWN, _SECRET = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]"
_GONE = ("delete", "discard", "remove")
_LEAF = "tls:index/locallySignedCert:LocallySignedCert"
States = Mapping[str, Mapping[str, Any]]
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True)
class Planned:
    """The Kubernetes objects of a preview, and the certificates that it will issue."""

    manifests: tuple[rules.Manifest, ...]
    certificates: tuple[PlannedCertificate, ...]
    left_out: int = 0
    """How many unchanged resources the preview does not show."""

    @classmethod
    def read(cls, text: str) -> Planned:
        """From the JSON that pulumi printed.

        Raises:
            DoctorError: it is something else.
        """
        try:
            preview = json.loads(text[text.find("{") :])
            steps = [step for step in preview["steps"] if not str(step["op"]).startswith(_GONE)]
        except (ValueError, LookupError, TypeError):
            raise DoctorError("this is not what `pulumi preview --json --show-sames` prints.") from None
        states = {step["urn"]: step.get("newState") or step.get("oldState") or {} for step in steps}
        manifests = {urn: found for urn, state in states.items() if (found := _manifest(urn, state))}
        certificates = [
            certificate
            for urn, manifest in manifests.items()
            if manifest["kind"] == "Secret" and (certificate := _certificate(urn, manifest, states))
        ]
        unchanged = sum(1 for step in steps if step["op"] == "same")
        left_out = (preview.get("changeSummary") or {}).get("same", 0) - unchanged
        return cls(tuple(manifests.values()), tuple(certificates), max(left_out, 0))

    def topology(self, now: datetime, settings: rules.Settings) -> Topology:
        """Every host and its way to what will run."""
        index = Index(self.manifests, now, settings)
        findings = rules.check(self.manifests, now=now, settings=settings)
        workloads = [manifest for manifest in self.manifests if manifest["kind"] in _WORKLOADS]
        return build(Sources(index, findings, PlannedPods(workloads), planned=self.certificates))


def _manifest(urn: str, state: Mapping[str, Any]) -> rules.Manifest | None:
    inputs = state.get("inputs")
    is_kubernetes = isinstance(inputs, Mapping) and all(
        isinstance(inputs.get(key), str) for key in ("apiVersion", "kind")
    )
    if not isinstance(inputs, Mapping) or not is_kubernetes or str(state.get("type", "")).endswith("Patch"):
        return None
    return rules.Manifest(_known(inputs), urn)


def _certificate(urn: str, manifest: rules.Manifest, states: States) -> PlannedCertificate | None:
    """The leaf that a Secret is made of, and the request that it answers; a CA may be in the Secret too."""
    metadata = manifest.get("metadata")
    for state in _dependencies(urn, states):
        inputs = state.get("inputs") or {}
        hours = inputs.get("validityPeriodHours")
        if state.get("type") == _LEAF and isinstance(hours, int) and not inputs.get("isCaCertificate"):
            requests = (one.get("inputs") or {} for one in _dependencies(str(state["urn"]), states))
            names = frozenset(str(name) for request in requests for name in request.get("dnsNames") or [])
            place = metadata if isinstance(metadata, Mapping) else {}
            secret = str(place.get("namespace") or ""), str(place.get("name"))
            return PlannedCertificate(secret, urn.rpartition("::")[2], names, hours // 24)
    return None


def _dependencies(urn: str, states: States) -> Iterator[Mapping[str, Any]]:
    for dependency in (states.get(urn) or {}).get("dependencies") or []:
        if dependency in states:
            yield states[dependency]


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return rules.UNKNOWN if isinstance(value, str) and (_UNKNOWN in value or value == _SECRET) else value
