"""Manifests as the Istio and Kubernetes resources that they are."""

from __future__ import annotations

from collections.abc import Mapping

from istio_ingress.rules.hosts import split_scope
from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.values import MalformedError, Node, UnknownValueError, known

HTTP_PROTOCOLS = frozenset({"http", "http2", "grpc", "grpc-web", "http_proxy"})
TLS_PROTOCOLS = frozenset({"https", "tls"})
PROTOCOLS = HTTP_PROTOCOLS | TLS_PROTOCOLS | {"tcp", "udp", "mongo", "redis", "mysql"}
TERMINATING_MODES = frozenset({"SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"})
MUTUAL_MODES = frozenset({"MUTUAL", "OPTIONAL_MUTUAL"})


class Resource:
    """A manifest with a kind, a name and a namespace. A namespace that it does not name is empty."""

    def __init__(self, manifest: Mapping[str, object], namespace: str) -> None:
        self.node = Node(manifest, "")
        self.kind = self.node.text("kind")
        self.group = self.node.text("apiVersion").rpartition("/")[0]
        self.origin = str(getattr(manifest, "origin", ""))
        self.owned = bool(getattr(manifest, "owned", False))
        self._default_namespace = namespace

    @cached_property
    def metadata(self) -> Node:
        """The manifest's metadata."""
        return self.node.node("metadata")

    @cached_property
    def spec(self) -> Node:
        """The manifest's spec."""
        return self.node.node("spec")

    @cached_property
    def known_spec(self) -> Node:
        """The spec as far as it is known."""
        try:
            return self.spec
        except (UnknownValueError, MalformedError):
            return Node({}, "spec")

    @cached_property
    def name(self) -> str:
        """The name. One that is yet to be generated is unknown."""
        name = self.metadata.text("name")
        if not name:
            raise UnknownValueError("metadata.name")
        return name

    @cached_property
    def namespace(self) -> str:
        """The namespace; empty when nothing says it."""
        return self.metadata.text("namespace") or self._default_namespace

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.namespace, self.name

    def labelled(self) -> tuple[str, str]:
        """Namespace and name for people to read, whatever is known of them."""
        return _or_unknown(self, "namespace"), _or_unknown(self, "name")

    def __str__(self) -> str:
        namespace, name = self.labelled()
        return f"{self.kind} {namespace}/{name}" if namespace else f"{self.kind} {name}"


class Gateway(Resource):
    """An Istio Gateway."""

    @cached_property
    def selector(self) -> dict[str, str]:
        """The labels of the gateway pods; no labels select every pod."""
        return self.spec.labels("selector")

    @cached_property
    def labels(self) -> frozenset[tuple[str, str]]:
        """The selector as a set, to be compared with others."""
        return frozenset(self.selector.items())

    @cached_property
    def servers(self) -> list[Server]:
        """The servers that are known."""
        return [Server(self, node) for node in self.known_spec.known_nodes("servers")]

    @cached_property
    def created(self) -> str:
        """When it was created, where that is known: of two that collide the older one wins."""
        try:
            return self.metadata.text("creationTimestamp")
        except (UnknownValueError, MalformedError):
            return ""


class GatewayApiGateway(Resource):
    """A Gateway of the Gateway API, which HTTPRoutes are bound to and VirtualServices are not."""


class Server:
    """One of a Gateway's servers: hosts on a port."""

    def __init__(self, gateway: Gateway, node: Node) -> None:
        self.gateway, self.node = gateway, node

    @cached_property
    def port(self) -> Node:
        """The port, its name and its protocol."""
        return self.node.node("port")

    @cached_property
    def tls(self) -> Node:
        """The TLS settings."""
        return self.node.node("tls")

    @cached_property
    def protocol(self) -> str:
        """The protocol in lower case."""
        return self.port.text("protocol").lower()

    @cached_property
    def mode(self) -> str:
        """The TLS mode; empty when it is missing, which Istio takes for PASSTHROUGH."""
        return self.tls.text("mode")

    @property
    def is_http(self) -> bool:
        """Whether the server speaks plain HTTP."""
        return self.protocol in HTTP_PROTOCOLS

    @property
    def is_tls(self) -> bool:
        """Whether Istio tells this server's connections from others by their SNI."""
        return self.protocol in TLS_PROTOCOLS or ("tls" in self.node and not self.is_http)

    @property
    def route_kinds(self) -> tuple[str, ...]:
        """The kinds of a VirtualService's routes that it takes; none where Istio routes by itself or refuses it."""
        if self.is_http:
            return ("http",)
        if self.protocol not in PROTOCOLS or self.mode == "AUTO_PASSTHROUGH":
            return ()
        if "tls" not in self.node:
            return () if self.protocol in TLS_PROTOCOLS else ("tcp",)
        if self.mode in ("", "PASSTHROUGH"):
            return ("tls",)
        return ("http",) if self.protocol == "https" else ("tcp",)

    @property
    def terminates(self) -> bool:
        """Whether the gateway ends TLS with a certificate of its own."""
        return self.is_tls and self.mode in TERMINATING_MODES

    @cached_property
    def redirects(self) -> bool:
        """Whether plain HTTP is answered with a redirect to HTTPS."""
        return self.tls.flag("httpsRedirect")

    @cached_property
    def scoped_hosts(self) -> list[tuple[str, str]]:
        """The known hosts, each with the namespace whose VirtualServices it admits."""
        namespace = _or_unknown(self.gateway, "namespace")
        return [split_scope(host, namespace) for host in self.node.known_texts("hosts")]

    @property
    def hosts(self) -> list[str]:
        """The known hosts in lower case, without the namespaces they may carry."""
        return [host for _, host in self.scoped_hosts]

    @cached_property
    def written_hosts(self) -> list[str]:
        """The known hosts as Istio compares them: `./` is the Gateway's namespace, `*/` none, and case counts."""
        own = f"{_or_unknown(self.gateway, 'namespace')}/"
        hosts = self.node.known_texts("hosts")
        return [own + host[2:] if host.startswith("./") else host.removeprefix("*/") for host in hosts]

    @property
    def ends_tls_for_http(self) -> bool:
        """Whether the gateway ends TLS and routes the HTTP inside by its hosts."""
        return "tls" in self.node and self.route_kinds == ("http",) and not self.is_http

    @cached_property
    def credential_names(self) -> list[str]:
        """The names of the Secrets with its certificates, if they come from Secrets."""
        single = self.tls.text("credentialName")
        return self.tls.texts("credentialNames") or ([single] if single else [])

    def __str__(self) -> str:
        return f"{self.gateway} {self.node.path}"


class Namespace(Resource):
    """A namespace, which is in none."""

    @cached_property
    def namespace(self) -> str:
        """None."""
        return ""


class Workload(Resource):
    """A Pod, or what makes Pods."""

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of its pods."""
        if self.kind == "Pod":
            return self.metadata.labels("labels")
        return self.spec.node("template").node("metadata").labels("labels")

    @cached_property
    def container_ports(self) -> dict[str, int]:
        """The ports of its containers by their names, as far as they are known."""
        pod = self.known_spec if self.kind == "Pod" else known(self._template_spec) or Node({}, "spec")
        ports = [port for container in pod.known_nodes("containers") for port in container.known_nodes("ports")]
        named = [(known(port.text, "name"), known(port.number, "containerPort")) for port in ports]
        return {name: number for name, number in named if name and number}

    def _template_spec(self) -> Node:
        return self.spec.node("template").node("spec")


def _or_unknown(resource: Resource, attribute: str) -> str:
    try:
        return str(getattr(resource, attribute))
    except (UnknownValueError, MalformedError):
        return "(unknown)"
