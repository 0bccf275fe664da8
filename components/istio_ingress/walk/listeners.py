"""What gateway pods listen for: the servers of all their Gateways, merged port by port as istiod merges them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from istio_ingress.rules.hosts import wildcards_over
from istio_ingress.rules.resources import HTTP_PROTOCOLS, Gateway
from istio_ingress.rules.values import Node
from istio_ingress.walk.ages import is_known
from istio_ingress.walk.gateways import GatewayPods, Target

_PASSTHROUGH = ("", "PASSTHROUGH", "AUTO_PASSTHROUGH")
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - how a Gateway says it


class Server:
    """One server of a Gateway on gateway pods."""

    def __init__(self, gateway: Gateway, node: Node) -> None:
        self.gateway, self.node = gateway, node

    @cached_property
    def name(self) -> str:
        """Namespace and name of its Gateway."""
        return "/".join(self.gateway.key)

    @cached_property
    def number(self) -> int:
        """Its port, as the Gateway says it."""
        return self.node.node("port").number("number")

    @cached_property
    def protocol(self) -> str:
        """In lower case."""
        return self.node.node("port").text("protocol").lower()

    @cached_property
    def tls(self) -> Node:
        """Its TLS settings."""
        return self.node.node("tls")

    @cached_property
    def has_tls(self) -> bool:
        """Whether it says anything about TLS, be it only a redirect."""
        return "tls" in self.node

    @cached_property
    def mode(self) -> str:
        """The TLS mode; nothing said is PASSTHROUGH."""
        return self.tls.text("mode") or "PASSTHROUGH"

    @property
    def is_http(self) -> bool:
        """Whether it speaks HTTP in clear."""
        return self.protocol in HTTP_PROTOCOLS

    @property
    def is_secure(self) -> bool:
        """Whether it wants TLS, which it ends or hands on."""
        return self.has_tls and not self.is_http

    @property
    def passes_through(self) -> bool:
        """Whether TLS is left to the backend."""
        return self.has_tls and self.mode in _PASSTHROUGH

    @property
    def ends_tls_for_http(self) -> bool:
        """Whether it ends TLS and speaks HTTP inside."""
        return self.has_tls and self.protocol == "https" and not self.passes_through

    @cached_property
    def redirects(self) -> bool:
        """Whether its hosts are redirected to HTTPS."""
        return self.tls.flag("httpsRedirect")

    @cached_property
    def bind(self) -> str:
        """The address it listens on; empty for all."""
        bind = self.node.text("bind")
        return "" if bind in _EVERYWHERE else bind

    @cached_property
    def hosts(self) -> list[str]:
        """As istiod keeps them: `./` becomes the Gateway's namespace, `*/` falls away."""
        found = []
        for host in self.node.texts("hosts"):
            scope, slash, name = host.partition("/")
            if slash and scope == "*":
                if name == "*":
                    return ["*"]
                host = name
            elif slash and scope == ".":
                host = f"{self.gateway.namespace}/{name}"
            found.append(host)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[tuple[str, str]]]:
        """Its hosts in lower case: the namespace whose VirtualServices alone may have each, and how it is written."""
        found: dict[str, list[tuple[str, str]]] = {}
        for host in self.hosts:
            scope, _, name = host.rpartition("/")
            found.setdefault(name.lower(), []).append((scope, name))
        return found

    @cached_property
    def unscoped(self) -> frozenset[str]:
        """Those of its hosts, in lower case, that name no namespace."""
        return frozenset(host.lower() for host in self.hosts if "/" not in host)

    def hosts_over(self, name: str, namespace: str) -> list[str]:
        """Its hosts that a name is or falls under, as far as VirtualServices of a namespace may have them."""
        pairs = (pair for host in (name, *wildcards_over(name)) for pair in self.by_name.get(host, ()))
        return [host for scope, host in pairs if scope in ("", namespace)]

    def hosts_for(self, namespace: str) -> list[str]:
        """Its hosts that VirtualServices of a namespace may have."""
        pairs = (host.rpartition("/") for host in self.hosts)
        return [name for scope, _, name in pairs if scope in ("", namespace)]

    @cached_property
    def server_names(self) -> list[str]:
        """What its hosts are as server names of a handshake."""
        return [host.rpartition("/")[2] for host in self.hosts]

    @cached_property
    def table(self) -> str:
        """Which route table it belongs to; servers of one port in clear share theirs. Empty where there is none."""
        if self.is_http:
            return f"http.{self.bind}"
        if self.protocol == "https" and not self.passes_through:
            port = self.node.node("port").text("name")
            return f"https.{self.number}.{port}.{self.gateway.name}.{self.gateway.namespace}.{self.bind}"
        return ""

    def __str__(self) -> str:
        return f"{self.gateway} {self.node.path}"


@dataclass
class Listener:
    """The servers of one port and address."""

    port: Target
    bind: str
    plain: list[Server] = field(default_factory=list)
    """Those without TLS: all of them HTTP, or one of TCP."""
    secure: list[Server] = field(default_factory=list)
    """Those that are told apart by the server name of the handshake."""
    dropped: list[tuple[Server, str]] = field(default_factory=list)
    """Servers that istiod leaves out, and why."""
    contested: list[tuple[Server, Server]] = field(default_factory=list)
    """Servers of which only the older is taken, and it is not known which that is."""

    @property
    def servers(self) -> list[Server]:
        """All that are taken."""
        return self.plain + self.secure

    @property
    def is_local(self) -> bool:
        """Whether its address is one that only the pod itself reaches."""
        return self.bind.startswith("127.") or self.bind == "::1"


class Listeners:
    """Everything that some gateway pods listen for."""

    def __init__(self, pods: GatewayPods, gateways: Iterable[Gateway]) -> None:
        self._found: dict[tuple[Target, str], Listener] = {}
        self._hosts: dict[tuple[Target, str, str], Server] = {}
        self._tables: dict[str, Server] = {}
        for gateway in gateways:
            for node in gateway.spec.nodes("servers"):
                server = Server(gateway, node)
                self._add(server, pods.listens(server.number))

    def at(self, port: Target) -> Listener | None:
        """The listener on all addresses of a port."""
        return self._found.get((port, ""))

    def bound(self, port: Target) -> list[Listener]:
        """The listeners of a port that have addresses of their own."""
        return [one for (number, bind), one in self._found.items() if number == port and bind]

    @property
    def ports(self) -> list[Target]:
        """The ports that somebody listens on."""
        return list(dict.fromkeys(port for port, _ in self._found))

    def _add(self, server: Server, port: Target) -> None:
        listener = self._found.setdefault((port, server.bind), Listener(port, server.bind))
        if server.has_tls and self._repeats(server, port, listener):
            return
        in_use = bool(listener.plain or listener.secure)
        if listener.plain and not (server.is_http and listener.plain[0].is_http):
            first = listener.plain[0]
            self._drop(server, first, listener, f"{first} speaks {first.protocol.upper()} on this port already")
            return
        if server.ends_tls_for_http:
            earlier = self._tables.setdefault(server.table, server)
            if earlier is not server and in_use:
                listener.dropped.append((server, f"{earlier} has the same port name"))
                return
        (listener.secure if server.is_secure else listener.plain).append(server)

    def _repeats(self, server: Server, port: Target, listener: Listener) -> bool:
        earlier = [
            self._hosts[port, server.bind, host] for host in server.hosts if (port, server.bind, host) in self._hosts
        ]
        if not earlier:
            self._hosts.update({(port, server.bind, host): server for host in server.hosts})
            return False
        self._drop(server, earlier[0], listener, f"{earlier[0]} has one of its hosts on this port already")
        return True

    def _drop(self, server: Server, earlier: Server, listener: Listener, why: str) -> None:
        if not is_known(server.gateway, earlier.gateway):
            listener.contested.append((earlier, server))
        listener.dropped.append((server, why))
