"""The pods behind a Service: those that run, or those that a preview promises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from istio_ingress.topology.manifests import Manifest, name_of
from istio_ingress.topology.model import Backend, Pod, Trouble


class PodSource(Protocol):
    """Knows the pods behind Services."""

    def fill(self, backend: Backend, service: Manifest, port: Manifest) -> None:
        """Put into `backend` what is known of the pods behind this port of the Service."""


class RunningPods:
    """The pods of a live cluster; None is what could not be asked for."""

    def __init__(
        self,
        slices: Sequence[Manifest] | None,
        pods: Sequence[Manifest] | None,
        workloads: Sequence[Manifest] | None,
    ) -> None:
        self._slices: dict[tuple[str, str], list[Manifest]] | None = None
        if slices is not None:
            self._slices = {}
            for one in slices:
                owner = str((one["metadata"].get("labels") or {}).get("kubernetes.io/service-name"))
                self._slices.setdefault((one["metadata"]["namespace"], owner), []).append(one)
        self._pods = {} if pods is None else {name_of(pod): pod for pod in pods}
        self._workloads = list(workloads or [])

    def fill(self, backend: Backend, service: Manifest, port: Manifest) -> None:
        """Put in the pods of the port's endpoints; that none is ready is trouble."""
        if service["spec"].get("type") == "ExternalName":
            return
        if self._slices is None:
            backend.is_known = False
            return
        slices = self._slices.get(name_of(service), [])
        name = port.get("name") or ""
        serving = [one for one in slices if any((p.get("name") or "") == name for p in one.get("ports") or [])]
        backend.pods = self._endpoints(serving)
        if not backend.ready:
            backend.troubles.append(self._nobody(backend, service, port, others=self._endpoints(slices)))
        else:
            backend.troubles += self._unlikely_port(serving, port)

    def _endpoints(self, slices: Iterable[Manifest]) -> list[Pod]:
        found = {}
        for one in slices:
            for endpoint in one.get("endpoints") or []:
                target = endpoint.get("targetRef") or {}
                name = target.get("name") or ", ".join(endpoint.get("addresses") or [])
                is_ready = (endpoint.get("conditions") or {}).get("ready") is not False
                pod = self._pods.get((one["metadata"]["namespace"], name), {})
                found[name] = Pod(name, "" if is_ready else why_not_ready(pod))
        return [found[name] for name in sorted(found)]

    def _nobody(self, backend: Backend, service: Manifest, port: Manifest, others: list[Pod]) -> Trouble:
        namespace, name = name_of(service)
        if backend.pods:
            reasons = "; ".join(f"{pod.name}: {pod.reason}" for pod in backend.pods[:3])
            return Trouble(
                f"None of the {len(backend.pods)} pods behind {backend.name} is ready ({reasons}).",
                f"kubectl describe pod -n {namespace} {backend.pods[0].name}",
            )
        if others:
            return Trouble(
                f"No pod behind {backend.name} has the target port {port.get('targetPort')!r} of port {port['port']}.",
                "Name a port that the pods' containers have.",
            )
        selector = service["spec"].get("selector") or {}
        labels = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
        if not labels:
            return Trouble(f"{backend.name} has no selector and no endpoints.", f"kubectl get service -n {namespace}")
        stopped = [
            workload
            for workload in self._workloads
            if workload["metadata"]["namespace"] == namespace
            and selector.items() <= template_labels(workload).items()
            and workload["spec"].get("replicas", 1) == 0
        ]
        if stopped:
            deployment = stopped[0]["metadata"]["name"]
            return Trouble(
                f"{backend.name} has no endpoint: Deployment {deployment} is scaled to 0.",
                f"kubectl scale deployment -n {namespace} {deployment} --replicas=1",
            )
        return Trouble(
            f"{backend.name} has no endpoint: no pod of {namespace} has its labels {labels}.",
            f"kubectl get pods -n {namespace} --show-labels; kubectl get service -n {namespace} {name} -o wide",
        )

    def _unlikely_port(self, slices: Sequence[Manifest], port: Manifest) -> list[Trouble]:
        """A target port that no container declares still works if something listens, but mostly nothing does."""
        target = port.get("targetPort")
        if not isinstance(target, int):
            return []
        declared: set[int] = set()
        for one in slices:
            for endpoint in one.get("endpoints") or []:
                name = str((endpoint.get("targetRef") or {}).get("name"))
                pod = self._pods.get((one["metadata"]["namespace"], name), {})
                for container in (pod.get("spec") or {}).get("containers") or []:
                    declared |= {declaration["containerPort"] for declaration in container.get("ports") or []}
        if not declared or target in declared:
            return []
        ports = ", ".join(map(str, sorted(declared)))
        return [
            Trouble(
                f"The target port {target} is none that the pods declare ({ports}).",
                "Correct the Service's targetPort if requests answer 503.",
                is_warning=True,
            )
        ]


class PlannedPods:
    """The pods that the workloads of a preview will make."""

    def __init__(self, workloads: Sequence[Manifest]) -> None:
        self._workloads = workloads

    def fill(self, backend: Backend, service: Manifest, port: Manifest) -> None:
        """Put in how many replicas of what there will be."""
        _ = port
        selector = part(service, "spec", "selector")
        if not selector:
            return
        for workload in self._workloads:
            metadata = part(workload, "metadata")
            same_namespace = metadata.get("namespace") == part(service, "metadata").get("namespace")
            if same_namespace and selector.items() <= template_labels(workload).items():
                replicas = part(workload, "spec").get("replicas", 1)
                backend.promise = f"{replicas} of {workload['kind']} {metadata.get('name')}"
                return


def template_labels(workload: Manifest) -> dict[str, Any]:
    """The labels of a workload's pods."""
    return dict(part(workload, "spec", "template", "metadata", "labels"))


def part(manifest: Manifest, *keys: str) -> Mapping[str, Any]:
    """A mapping inside of a manifest; empty where there is none, and where a preview does not know it or hides it."""
    found: Any = manifest
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def is_ready(pod: Manifest) -> bool:
    """Whether a pod takes requests."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def why_not_ready(pod: Manifest) -> str:
    """Why a pod does not take requests, in the words of kubectl."""
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or []:
        for state in ("waiting", "terminated"):
            reason = ((container.get("state") or {}).get(state) or {}).get("reason")
            if reason:
                return str(reason)
    if pod.get("metadata", {}).get("deletionTimestamp"):
        return "Terminating"
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("reason") or "not scheduled")
    return str(status["phase"]) if status.get("phase") not in (None, "Running") else "not ready"
