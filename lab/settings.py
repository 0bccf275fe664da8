"""Where the lab lives and which addresses it uses, all derived from the environment."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

DEFAULT_SUBNET = "10.77.0.0/16"
# These are hidden or copied on write inside the lab, so the host could not see what is written there.
HIDDEN_INSIDE = tuple(Path(directory) for directory in ("/var", "/etc", "/usr", "/run", "/proc", "/sys", "/dev"))


@dataclass(frozen=True)
class LabSettings:
    """One lab: its address range names it, so labs on different ranges stand side by side."""

    subnet: ipaddress.IPv4Network
    cache: Path
    """Built parts, shared by every clone and every lab on this machine."""
    state: Path
    """This lab's data, logs and Pulumi backend; emptied by a fresh start."""

    @property
    def number(self) -> int:
        """The second octet, which tells labs apart in interface and cgroup names."""
        return self.subnet.network_address.packed[1]

    @property
    def name(self) -> str:
        """The node's name, the interface's stem and the cgroup."""
        return f"lab{self.number}"

    @property
    def host_interface(self) -> str:
        """The host's end of the veth pair."""
        return f"{self.name}h"

    @property
    def host_ip(self) -> str:
        """The host's address on the veth pair."""
        return str(self.subnet[1])

    @property
    def node_ip(self) -> str:
        """The node's address: API server on 6443, and every NodePort."""
        return str(self.subnet[2])

    @property
    def pod_cidr(self) -> str:
        """The pods' range."""
        return f"{self.subnet[256]}/24"

    @property
    def service_cidr(self) -> str:
        """The Services' range, the upper half of the subnet."""
        return str(list(self.subnet.subnets(new_prefix=17))[1])

    @property
    def api_service_ip(self) -> str:
        """The ClusterIP of the API server: the first of its range."""
        return str(ipaddress.ip_network(self.service_cidr)[1])

    @property
    def dns_ip(self) -> str:
        """The ClusterIP of CoreDNS."""
        return str(ipaddress.ip_network(self.service_cidr)[10])

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.state / "log"

    @property
    def pki(self) -> Path:
        """Certificates, keys and kubeconfigs of the cluster itself."""
        return self.state / "pki"

    @property
    def run(self) -> Path:
        """Process ids and start marks."""
        return self.state / "run"

    @property
    def kubeconfig(self) -> Path:
        """Cluster admin, as seen from the host."""
        return self.pki / "admin.kubeconfig"

    def template_values(self) -> dict[str, str]:
        """What `${…}` stands for in the files under config/."""
        return {
            "NAME": self.name,
            "NODE_IP": self.node_ip,
            "HOST_IP": self.host_ip,
            "POD_CIDR": self.pod_cidr,
            "SERVICE_CIDR": self.service_cidr,
            "DNS_IP": self.dns_ip,
            "STATE": str(self.state),
            "PKI": str(self.pki),
        }


def from_environment() -> LabSettings:
    """Read LAB_SUBNET, XDG_CACHE_HOME and XDG_STATE_HOME.

    Raises:
        LabError: LAB_SUBNET is no private /16, or a directory would be hidden inside the lab.
    """
    text = os.environ.get("LAB_SUBNET") or DEFAULT_SUBNET
    try:
        subnet = ipaddress.ip_network(text)
    except ValueError as error:
        raise LabError(
            f"LAB_SUBNET is {text!r}: {error}; a private IPv4 /16 such as {DEFAULT_SUBNET} is right."
        ) from None
    if not isinstance(subnet, ipaddress.IPv4Network) or subnet.prefixlen != 16 or not subnet.is_private:
        raise LabError(f"LAB_SUBNET is {text!r}: a private IPv4 /16 such as {DEFAULT_SUBNET} is right.")
    home = Path.home()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "istio-ingress"
    state = (
        Path(os.environ.get("XDG_STATE_HOME") or home / ".local/state") / "istio-ingress" / f"lab{subnet[0].packed[1]}"
    )
    for variable, path in (("XDG_CACHE_HOME", cache), ("XDG_STATE_HOME", state)):
        if any(path.resolve().is_relative_to(hidden) for hidden in HIDDEN_INSIDE):
            raise LabError(
                f"{path} lies where the lab mounts its own files; "
                f"set {variable} to a directory outside /var, /etc, /usr and /run."
            )
    return LabSettings(subnet=subnet, cache=cache.resolve(), state=state.resolve())
