"""Where the ingress gateway is reached from outside: the one place that knows how to find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from istio_ingress.live.errors import LiveError
from istio_ingress.live.tools import kubectl_json

# What Istio's default gateway Service calls them.
PORT_NAMES = {"http": "http2", "https": "https", "tcp": "tcp"}
# Where a Service names its ports otherwise.
PORT_NUMBERS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class IngressAddress:
    """A host and, by purpose (`http`, `https`, `tcp`), the ports it listens on."""

    host: str
    ports: dict[str, int]
    source: str
    """How it was found, in words."""
    by_number: dict[int, int] = field(default_factory=dict, compare=False)
    """The same by the Service's port numbers, which are those that Gateways name, and by the pods' own ones."""

    def __str__(self) -> str:
        return f"{self.host}, ports {self.ports} ({self.source})"


def find(namespace: str, service: str) -> IngressAddress:
    """Ask the cluster that kubectl's current context names.

    Raises:
        LiveError: no such Service, or it has neither a load balancer's address nor a node port.
    """
    found = kubectl_json("get", "service", service, "--namespace", namespace)
    labels = ",".join(f"{key}={value}" for key, value in (found["spec"].get("selector") or {}).items())
    pods = kubectl_json("get", "pods", "--namespace", namespace, "--selector", labels).get("items", [])
    return from_objects(found, pods)


def from_objects(service: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> IngressAddress:
    """The load balancer's address with the Service's ports; without one, a gateway pod's hostIP with the node ports.

    Raises:
        LiveError: the Service has neither.
    """
    ports = service["spec"].get("ports") or []
    for entry in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
        for key in ("ip", "hostname"):
            if entry.get(key):
                return _address(entry[key], ports, "port", f"load balancer {key}")
    host = next((pod["status"]["hostIP"] for pod in pods if (pod.get("status") or {}).get("hostIP")), None)
    has_node_ports = any(port.get("nodePort") for port in ports)
    if host and has_node_ports:
        return _address(host, ports, "nodePort", "the gateway pod's hostIP and node ports")
    name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
    missing = "no node ports" if host else "no gateway pod is scheduled on a node"
    raise LiveError(
        f"Service {name} has no load balancer address and {missing}; give it a load balancer or the type NodePort."
    )


def _address(host: str, ports: Sequence[Mapping[str, Any]], number: str, source: str) -> IngressAddress:
    reached = [port for port in ports if port.get(number)]
    by_number = {port["port"]: port[number] for port in reached}
    by_target = {port["targetPort"]: port[number] for port in reached if isinstance(port.get("targetPort"), int)}
    by_name = {port.get("name"): port[number] for port in reached}
    named = {purpose: by_name[name] for purpose, name in PORT_NAMES.items() if name in by_name}
    numbered = {purpose: by_number[port] for purpose, port in PORT_NUMBERS.items() if port in by_number}
    return IngressAddress(host, numbered | named, source, by_target | by_number)
