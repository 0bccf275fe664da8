"""Host names as Istio compares them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Container, Iterable, Iterator
from typing import Generic, TypeVar

from istio_ingress.rules.names import LONGEST_LABEL, LONGEST_NAME

Owner = TypeVar("Owner")

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.IGNORECASE)
_WILDCARD_LABEL = re.compile(r"\*-?[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.IGNORECASE)


def is_ip_address(host: str) -> bool:
    """Whether a host is an IPv4 or IPv6 address."""
    if ":" not in host and not host[:1].isdigit():
        return False  # as most are, and parsing takes long
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


def is_short(host: str) -> bool:
    """Whether a host of the mesh is short for a Service of some namespace."""
    return bool(host) and host != "*" and "." not in host and not is_ip_address(host)


def completed(host: str, namespace: str, cluster_domain: str) -> str:
    """A host of the mesh as Istio completes it: only a name without a dot is short for a Service of the namespace.

    Where the namespace is not told, the name stays short.
    """
    return f"{host}.{namespace}.svc.{cluster_domain}" if namespace and is_short(host) else host


def full_name(host: str, namespace: str, cluster_domain: str) -> str:
    """The same in lower case, in which hosts are looked up."""
    return completed(host, namespace, cluster_domain).lower()


def is_no_service(host: str, cluster_domain: str) -> bool:
    """Whether a host would be that of a Service but for its capitals: no Service has any, and case counts."""
    return host != host.lower() and (is_short(host) or host.lower().endswith(f".svc.{cluster_domain}"))


def fault(host: str) -> str:
    """Why a host is no host name, wildcard or address; empty when it is one."""
    if host == "*" or is_ip_address(host):
        return ""
    if "://" in host:
        return "it has a scheme"
    first, dot, rest = host.partition(".")
    is_wildcard = dot and _WILDCARD_LABEL.fullmatch(first)  # such as *-shop.example, which Istio takes
    name = rest if is_wildcard else host.removeprefix("*.")
    if "*" in name:
        return "a wildcard can only begin the first label"
    if re.fullmatch(r".+:\d+", name):
        return "it has a port"
    if len(name) > LONGEST_NAME:
        return f"it has {len(name)} characters and {LONGEST_NAME} are allowed"
    labels = name.removesuffix(".").split(".")
    too_long = next((label for label in labels if len(label) > LONGEST_LABEL), "")
    if too_long:
        return f"its label {too_long!r} has {len(too_long)} characters and {LONGEST_LABEL} are allowed"
    wrong = next((label for label in labels if not _LABEL.fullmatch(label)), None)
    if wrong is not None:
        return f"{wrong!r} is not a DNS label"
    return f"its last label {labels[-1]!r} is a number" if dot and labels[-1].isdigit() else ""


def is_partial_wildcard(host: str) -> bool:
    """Whether a host is a wildcard for a part of a label, such as `*-shop.example`."""
    return host.startswith("*") and host != "*" and not host.startswith("*.")


def wildcards_over(host: str) -> Iterator[str]:
    """The wildcards for whole labels over a host, the narrowest first: `a.b.c` has `*.b.c`, `*.c`, `*`."""
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
    if host in hosts or any(wildcard in hosts for wildcard in wildcards_over(host)):
        return True
    return any("*" + host[start:] in hosts for start in range(1, len(host)))


def covers_host(wide: str, narrow: str) -> bool:
    """Whether a host stands for every name of another. To Istio a wildcard is any text that ends in its rest."""
    if not wide.startswith("*"):
        return wide == narrow
    return narrow.endswith(wide[1:]) and (not narrow.startswith("*") or len(narrow) >= len(wide))


def narrower(one: str, other: str) -> str:
    """The narrower of two hosts of which one covers the other; empty where no name falls under both.

    It is the one that becomes a virtual host in Envoy.
    """
    if covers_host(other, one):
        return one
    return other if covers_host(one, other) else ""


def in_precedence(host: str, partial: Iterable[str] = ()) -> list[str]:
    """A host and the wildcards over it in the order in which Envoy looks for a virtual host: the longest first.

    Args:
        host: The host.
        partial: The wildcards for a part of a label that there are; to Envoy their star is at least one character.
    """
    partly = [name for name in partial if name != host and len(host) >= len(name) and covers_host(name, host)]
    return [host, *sorted([*wildcards_over(host), *partly], key=len, reverse=True)]


class HostMap(Generic[Owner]):
    """Hosts and who has them, asked often who has a name in common with another host."""

    def __init__(self, owners: Iterable[tuple[str, Owner]]) -> None:
        self.hosts: dict[str, list[Owner]] = {}
        self._below: dict[str, list[tuple[str, Owner]]] = {}
        self._partial: list[str] = []
        for host, owner in owners:
            if host not in self.hosts and is_partial_wildcard(host):
                self._partial.append(host)
            self.hosts.setdefault(host, []).append(owner)
            for wildcard in wildcards_over(host):
                self._below.setdefault(wildcard, []).append((host, owner))

    def meets(self, host: str) -> bool:
        """Whether one of the hosts and this one stand for a common name."""
        return next(self.common(host), None) is not None

    def owners(self, host: str) -> Iterator[Owner]:
        """Who has a host that stands for a common name with this one."""
        return (owner for _, owner in self.common(host))

    def common(self, host: str) -> Iterator[tuple[str, Owner]]:
        """Every owner of a host that stands for a common name with this one, and the narrower of the two."""
        if is_partial_wildcard(host):
            for name, owners in self.hosts.items():
                if common := narrower(name, host):
                    yield from ((common, owner) for owner in owners)
            return
        for name in (host, *wildcards_over(host)):
            yield from ((host, owner) for owner in self.hosts.get(name, ()))
        yield from self._below.get(host, ())
        for name in self._partial:
            if covers_host(name, host):
                yield from ((host, owner) for owner in self.hosts[name])


def names_for(host: str) -> tuple[str, ...]:
    """The subjectAltNames that are valid for a host to TLS clients: a wildcard stands for one label (RFC 9525, 6.3).

    For Istio, which chooses a server or a VirtualService by it, a wildcard stands for any number: see `is_within`.
    """
    parent = host.partition(".")[2]
    return (host, f"*.{parent}") if parent else (host,)


def covers(names: Container[str], host: str) -> bool:
    """Whether subjectAltNames are valid for a host."""
    return any(name in names for name in names_for(host))
