"""Host names as Istio compares them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Container, Iterable, Iterator
from typing import Generic, TypeVar

Owner = TypeVar("Owner")

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.IGNORECASE)
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def is_dns_label(name: str) -> bool:
    """Whether a name is an RFC 1123 label, as Kubernetes requires of names without dots."""
    return len(name) <= 63 and _DNS_LABEL.fullmatch(name) is not None


def is_dns_subdomain(name: str) -> bool:
    """Whether a name is an RFC 1123 subdomain, as Kubernetes requires of most names."""
    return len(name) <= 253 and all(_DNS_LABEL.fullmatch(part) for part in name.split("."))


def is_ip_address(host: str) -> bool:
    """Whether a host is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def split_scope(host: str, namespace: str) -> tuple[str, str]:
    """The namespace whose VirtualServices a Gateway host admits (`*` is any), and the host."""
    scope, slash, name = host.partition("/")
    if not slash:
        return "*", host.lower()
    return (namespace if scope == "." else scope), name.lower()


def admits(scope: str, namespace: str) -> bool:
    """Whether a host of this scope is open to VirtualServices of a namespace. Where either is not told, it may be."""
    return scope in ("*", namespace) or "" in (scope, namespace)


def full_name(host: str, namespace: str, cluster_domain: str) -> str:
    """A host of the mesh as Istio completes it: only a name without a dot is short for a Service of the namespace."""
    if "." in host or host == "*" or not host:
        return host.lower()
    return f"{host}.{namespace}.svc.{cluster_domain}".lower()


def fault(host: str) -> str:
    """Why a host is no host name, wildcard or address; empty when it is one."""
    if host == "*" or is_ip_address(host):
        return ""
    if "://" in host:
        return "it has a scheme"
    name = host.removeprefix("*.")
    if "*" in name:
        return "a wildcard can only be the whole first label"
    if re.fullmatch(r".+:\d+", name):
        return "it has a port"
    if len(name) > 253:
        return f"it has {len(name)} characters and 253 are allowed"
    labels = name.removesuffix(".").split(".")
    too_long = next((label for label in labels if len(label) > 63), "")
    if too_long:
        return f"its label {too_long!r} has {len(too_long)} characters and 63 are allowed"
    wrong = next((label for label in labels if not _LABEL.fullmatch(label)), None)
    return "" if wrong is None else f"{wrong!r} is not a DNS label"


def wildcards_over(host: str) -> Iterator[str]:
    """The wildcards that are wider than a host, the narrowest first: `a.b.c` has `*.b.c`, `*.c`, `*`."""
    labels = host.removeprefix("*.").split(".")
    first = 0 if host.startswith("*.") else 1
    for position in range(first, len(labels)):
        wildcard = "*." + ".".join(labels[position:])
        if wildcard != host:
            yield wildcard
    if host != "*":
        yield "*"


def is_within(host: str, hosts: Container[str]) -> bool:
    """Whether every name that a host stands for is one that a single one of the hosts stands for."""
    return host in hosts or any(wildcard in hosts for wildcard in wildcards_over(host))


class HostMap(Generic[Owner]):
    """Hosts and who has them, asked often who has a name in common with another host."""

    def __init__(self, owners: Iterable[tuple[str, Owner]]) -> None:
        self.hosts: dict[str, list[Owner]] = {}
        self._below: dict[str, list[Owner]] = {}
        for host, owner in owners:
            self.hosts.setdefault(host, []).append(owner)
            for wildcard in wildcards_over(host):
                self._below.setdefault(wildcard, []).append(owner)

    def meets(self, host: str) -> bool:
        """Whether one of the hosts and this one stand for a common name."""
        return host in self._below or is_within(host, self.hosts)

    def owners(self, host: str) -> Iterator[Owner]:
        """Who has a host that stands for a common name with this one."""
        for name in (host, *wildcards_over(host)):
            yield from self.hosts.get(name, ())
        yield from self._below.get(host, ())


def covers(names: Container[str], host: str) -> bool:
    """Whether subjectAltNames cover a host as TLS clients compare them: a wildcard stands for one label."""
    parent = host.partition(".")[2]
    return host in names or (bool(parent) and f"*.{parent}" in names)
