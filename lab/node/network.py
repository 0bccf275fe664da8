"""The one wire between the host and the lab: a veth pair and the route to the lab's range."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
from typing import Any

from lab.errors import LabError
from lab.node.init import NODE_INTERFACE
from lab.settings import LabSettings


def connect(settings: LabSettings, pid: int) -> None:
    """Lay the wire into the network namespace of process `pid`."""
    _ip("link", "add", settings.host_interface, "type", "veth", "peer", "name", NODE_INTERFACE, "netns", str(pid))
    _ip("address", "add", f"{settings.host_ip}/30", "dev", settings.host_interface)
    _ip("link", "set", settings.host_interface, "up")
    _ip("route", "add", str(settings.subnet), "via", settings.node_ip)


def disconnect(settings: LabSettings) -> None:
    """Take the wire away, and with it its routes; the kernel may be doing so already, as the namespace ends.

    Raises:
        LabError: the interface is still there.
    """
    command = ["ip", "link", "delete", settings.host_interface]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if any(name == settings.host_interface for _, name in socket.if_nameindex()):
        raise LabError(f"`{' '.join(command)}` failed: {done.stderr.strip()}")


def check_range_is_free(settings: LabSettings) -> None:
    """Refuse a range that this machine already uses.

    Raises:
        LabError: an interface or a route overlaps the lab's range.
    """
    for route in _ip_json("route", "show", "table", "all"):
        destination, device = route["dst"], route.get("dev", "")
        if (
            device == settings.host_interface
            or destination == "default"
            or route.get("type") in ("broadcast", "multicast")
        ):
            continue
        network = ipaddress.ip_network(destination, strict=False)
        if isinstance(network, ipaddress.IPv4Network) and network.prefixlen and network.overlaps(settings.subnet):
            raise LabError(
                f"the lab's addresses {settings.subnet} overlap {destination} on {device or 'this machine'}; "
                "set LAB_SUBNET to a free private /16, for example LAB_SUBNET=10.99.0.0/16."
            )


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout


def _ip_json(*arguments: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(_ip("-4", "-json", *arguments) or "[]")
    return listed
