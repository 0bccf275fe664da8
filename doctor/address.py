"""Where the ingress gateway is reached from outside: the one place that knows how to find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doctor.errors import DoctorError
from doctor.tools import kubectl_json

# What Istio's default gateway Service calls them.
PORT_NAMES = {"http": "http2", "https": "https", "tcp": "tcp"}


@dataclass(frozen=True)
class IngressAddress:
    """A host and, by purpose (`http`, `https`, `tcp`), the ports it listens on."""

    host: str
    ports: dict[str, int]
    source: str
    """How it was found, in words."""


def find(namespace: str, service: str) -> IngressAddress:
    """Ask the cluster that kubectl's current context names.

    Raises:
        DoctorError: no such Service, or it has neither a load balancer's address nor a node port.
    """
    found = kubectl_json("get", "service", service, "--namespace", namespace)
    labels = ",".join(f"{key}={value}" for key, value in (found["spec"].get("selector") or {}).items())
    pods = kubectl_json("get", "pods", "--namespace", namespace, "--selector", labels).get("items", [])
    return from_objects(found, pods)


def from_objects(service: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> IngressAddress:
    """The load balancer's address with the Service's ports; without one, a gateway pod's hostIP with the node ports.

    Raises:
        DoctorError: the Service has neither.
    """
    ports = service["spec"].get("ports") or []
    for entry in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
        for field in ("ip", "hostname"):
            if entry.get(field):
                return IngressAddress(entry[field], _ports(ports, "port"), f"load balancer {field}")
    node_ports = _ports(ports, "nodePort")
    host = next((pod["status"]["hostIP"] for pod in pods if (pod.get("status") or {}).get("hostIP")), None)
    if host and node_ports:
        return IngressAddress(host, node_ports, "the gateway pod's hostIP and node ports")
    name = f"{service['metadata']['namespace']}/{service['metadata']['name']}"
    missing = "no node ports" if host else "no gateway pod is scheduled on a node"
    raise DoctorError(
        f"Service {name} has no load balancer address and {missing}; give it a load balancer or the type NodePort."
    )


def _ports(ports: Sequence[Mapping[str, Any]], field: str) -> dict[str, int]:
    by_name = {port.get("name"): port[field] for port in ports if port.get(field)}
    return {purpose: by_name[name] for purpose, name in PORT_NAMES.items() if name in by_name}
