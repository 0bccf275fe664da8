"""What stands between a client and the pods: hosts, listeners, routes, Services, pods, and what is wrong with each."""

from istio_ingress.topology.build import Sources, build
from istio_ingress.topology.listeners import PlannedCertificate
from istio_ingress.topology.model import (
    Backend,
    Entry,
    Health,
    Listener,
    ListenerCertificate,
    Pod,
    Route,
    Topology,
    Trouble,
)

__all__ = [
    "Backend",
    "Entry",
    "Health",
    "Listener",
    "ListenerCertificate",
    "PlannedCertificate",
    "Pod",
    "Route",
    "Sources",
    "Topology",
    "Trouble",
    "build",
]
