"""A pod to send requests from inside the cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.e2e.conftest import kubectl


@dataclass(frozen=True)
class ClientPod:
    """A pod with curl; in a namespace labelled `istio-injection=enabled` it gets a sidecar."""

    namespace: str
    name: str = "client"

    @classmethod
    def start(cls, namespace: str, name: str = "client", **labels: str) -> ClientPod:
        """Start the pod without waiting for it."""
        pod = cls(namespace, name)
        manifest = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod.name, "namespace": namespace, "labels": labels},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "client", "image": "lab.local/client:1", "imagePullPolicy": "IfNotPresent"}],
            },
        }
        kubectl("create", "-f", "-", stdin=json.dumps(manifest))
        return pod

    def wait(self) -> None:
        """Wait until it can send."""
        kubectl("wait", "--for=condition=Ready", "--timeout=50s", "-n", self.namespace, f"pod/{self.name}")

    def curl(self, *arguments: str) -> str:
        """What curl prints, which must get an answer."""
        return self.exec("curl", "--silent", "--show-error", "--max-time", "10", *arguments)

    def status(self, url: str) -> int:
        """The HTTP status that a GET is answered with."""
        return int(self.curl("--output", "/dev/null", "--write-out", "%{http_code}", url))

    def exec(self, *command: str) -> str:
        """The standard output of a command in the pod, which must succeed."""
        return kubectl("exec", "-n", self.namespace, self.name, "-c", "client", "--", *command)
