"""What stands between a client and the pods: hosts, listeners, routes, Services, pods, and what is wrong with each."""

from doctor.topology.build import Sources, build
from doctor.topology.listeners import PlannedCertificate
from doctor.topology.model import Backend, Certificate, Entry, Health, Listener, Pod, Route, Topology, Trouble

__all__ = [
    "Backend",
    "Certificate",
    "Entry",
    "Health",
    "Listener",
    "PlannedCertificate",
    "Pod",
    "Route",
    "Sources",
    "Topology",
    "Trouble",
    "build",
]
