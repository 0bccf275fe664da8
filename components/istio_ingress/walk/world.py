"""Everything that is declared, looked up once: what gateway pods there are, what they listen for, where routes lead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from istio_ingress.rules import kinds
from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.rules.defaults import CLUSTER_DOMAIN, ROOT_NAMESPACE
from istio_ingress.rules.index import resource
from istio_ingress.rules.resources import Gateway, Resource, Workload
from istio_ingress.rules.routing import DestinationRule, Service, ServiceEntry, VirtualService
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import NotKnownError, known
from istio_ingress.walk import exports, others
from istio_ingress.walk.ages import in_order
from istio_ingress.walk.backends import Registry
from istio_ingress.walk.gateways import GatewayPods, gateway_pods, selector
from istio_ingress.walk.handshake import Chains
from istio_ingress.walk.listeners import Listener, Listeners, Server
from istio_ingress.walk.tables import BoundServices, RouteTable

R = TypeVar("R", bound=Resource)
Manifests = Iterable[Mapping[str, object]]


@dataclass(frozen=True)
class Knowledge:
    """What the manifests do not say about themselves."""

    namespace: str = "default"
    """Of manifests that name none."""
    cluster_domain: str = CLUSTER_DOMAIN
    root_namespace: str = ROOT_NAMESPACE
    """Istio's own, whose DestinationRules are everybody's."""
    complete: bool = True
    """What is not among the manifests does not exist; otherwise it is not known."""
    assumes: bool = False
    """Where it is not known, Services, subsets and Secrets that are named are taken for there."""
    shared: bool = False
    """Others have Gateways on the same ports of the same gateways, which are not among the manifests."""
    has_pods: bool = False
    """All pods are among the manifests, so that a Service that selects none has none."""
    now: datetime | None = None
    """When the request is sent, where that matters: a client's certificate ends."""
    gateway_namespaces: Mapping[str, str] | None = None
    """Where gateway pods run that no manifest has, by the labels that select them; see `rules.Settings`."""


class World:
    """The manifests, as a gateway would have them."""

    def __init__(self, manifests: Manifests, knowledge: Knowledge | None = None) -> None:
        self.knowledge = knowledge or Knowledge()
        self.resources = _objects(manifests, self.knowledge.namespace)
        self.gateways = in_order(self._all(Gateway))
        self.others = [one for one in self.resources if one.kind in others.NAMES]
        self._services = in_order(self._all(VirtualService))
        self._named = {one.labelled(): one for one in self._services}
        self._bound: dict[tuple[str, str], BoundServices] = {}
        self._listeners: dict[int, Listeners] = {}
        self._chains: dict[tuple[int, int], Chains] = {}
        self._tables: dict[tuple[int, int, str], RouteTable] = {}
        self._servers: dict[tuple[str, str], dict[str, list[Server]]] = {}
        self._pods_of: dict[tuple[tuple[str, str], ...], list[str]] = {}

    @cached_property
    def registry(self) -> Registry:
        """Where destinations lead."""
        return Registry(
            self._all(Service),
            self._all(ServiceEntry),
            self._all(DestinationRule),
            self._all(Workload),
            self.knowledge.cluster_domain,
            self.knowledge.root_namespace,
        )

    @cached_property
    def secrets(self) -> dict[tuple[str, str], Secret]:
        """The Secrets by namespace and name."""
        return {one.labelled(): one for one in self._all(Secret)}

    @cached_property
    def pods(self) -> list[GatewayPods]:
        """The pods that run Gateways."""
        told = {}
        for labels, namespace in (self.knowledge.gateway_namespaces or {}).items():
            pairs = (label.strip().partition("=") for label in labels.split(",") if label.strip())
            told[frozenset((key, value) for key, _, value in pairs)] = namespace
        selectors = [one for gateway in self.gateways if (one := known(selector, gateway)) is not None]
        spoken = {one: next((place for some, place in told.items() if some <= one), "") for one in selectors}
        return gateway_pods(
            self.gateways, self._all(Service), self._all(Workload), spoken, all_pods=self.knowledge.has_pods
        )

    def gateway(self, namespace: str, name: str) -> Gateway | None:
        """An Istio Gateway by its name."""
        return self._gateways_by_name.get((namespace, name))

    def servers(self, gateway: Gateway, names: Iterable[str]) -> list[Server]:
        """A Gateway's servers that have one of these names among their hosts, each once."""
        if gateway.key not in self._servers:
            found: dict[str, list[Server]] = {}
            for server in (Server(gateway, node) for node in gateway.spec.nodes("servers")):
                for name in server.by_name:
                    found.setdefault(name, []).append(server)
            self._servers[gateway.key] = found
        some = (server for name in names for server in self._servers[gateway.key].get(name, ()))
        return list({id(server): server for server in some}.values())

    def pods_of(self, owner: VirtualService) -> list[str]:
        """The pods that run the Gateways of a VirtualService, as `walk` is told them."""
        keys = tuple(owner.gateway_key(name) for name in owner.gateways)
        if keys not in self._pods_of:
            some = [one for one in map(self._gateways_by_name.get, keys) if one is not None]
            self._pods_of[keys] = [str(pods) for pods in self.pods if any(map(pods.runs, some))]
        return self._pods_of[keys]

    def services_of(self, owner: VirtualService) -> list[Service]:
        """The Services before those pods."""
        names = self.pods_of(owner)
        return [service for pods in self.pods if str(pods) in names for service in pods.services]

    @cached_property
    def _gateways_by_name(self) -> dict[tuple[str, str], Gateway]:
        return {one.labelled(): one for one in self.gateways}

    def listeners(self, pods: GatewayPods) -> Listeners:
        """What gateway pods listen for."""
        if id(pods) not in self._listeners:
            self._listeners[id(pods)] = Listeners(pods, [one for one in self.gateways if pods.runs(one)])
        return self._listeners[id(pods)]

    def table(self, pods: GatewayPods, listener: Listener, server: Server) -> RouteTable:
        """The route table of a server; those of one listener in clear share theirs."""
        key = id(pods), id(listener), server.table
        if key not in self._tables:
            servers = listener.plain if server.is_http else [server]
            self._tables[key] = RouteTable(servers, pods, lambda one: self.bound(one, pods), self.find)
        return self._tables[key]

    def chains(self, pods: GatewayPods, listener: Listener) -> Chains:
        """What handshakes on a listener are for."""
        key = id(pods), id(listener)
        if key not in self._chains:
            self._chains[key] = Chains(listener, self.bound, pods)
        return self._chains[key]

    def bound(self, server: Server, pods: GatewayPods) -> BoundServices:
        """The VirtualServices of a server's Gateway that its pods see."""
        key = server.name, pods.namespace
        if key not in self._bound:
            some = self._by_gateway.get(server.name, [])
            self._bound[key] = BoundServices(_seen(some, pods.namespace), self.knowledge.cluster_domain)
        return self._bound[key]

    def named_secrets(self) -> dict[str, set[str]]:
        """The names of the Secrets that servers name, by the namespace of the pods that run them."""
        found: dict[str, set[str]] = {}
        for pods in self.pods:
            for gateway in self.gateways if pods.namespace else []:
                for node in gateway.spec.nodes("servers") if pods.runs(gateway) else []:
                    tls = node.node("tls")
                    names = [
                        tls.text("credentialName"),
                        tls.text("caCertCredentialName"),
                        *tls.texts("credentialNames"),
                    ]
                    some = {name.removesuffix(CA_SUFFIX) for name in names if name}
                    found.setdefault(pods.namespace, set()).update(some, (name + CA_SUFFIX for name in some))
        return found

    def find(self, namespace: str, name: str) -> VirtualService | None:
        """A VirtualService by its name.

        Raises:
            NotKnownError: it is not here, but may be elsewhere.
        """
        found = self._named.get((namespace, name))
        if found is None and not self.knowledge.complete:
            raise NotKnownError(f"the VirtualService {namespace}/{name} is not among what was read")
        return found

    @cached_property
    def _by_gateway(self) -> dict[str, list[VirtualService]]:
        found: dict[str, list[VirtualService]] = {}
        for service in self._services:
            for name in dict.fromkeys("/".join(service.gateway_key(one)) for one in service.gateways):
                if service.spec.texts("hosts"):
                    found.setdefault(name, []).append(service)
        return found

    def _all(self, kind: type[R]) -> list[R]:
        return [one for one in self.resources if isinstance(one, kind)]


def _seen(services: Sequence[VirtualService], namespace: str) -> list[VirtualService]:
    """Those that proxies of a namespace see, in Istio's order: what is only theirs, what is theirs too, everybody's."""
    ranked = []
    for service in services:
        if service.is_public:
            ranked.append((2, service))
        elif exports.reaches(service, namespace):
            ranked.append((0 if service.namespace == namespace else 1, service))
    return [service for _, service in sorted(ranked, key=lambda pair: pair[0])]


def _objects(manifests: Manifests, namespace: str) -> list[Resource]:
    """What manifests mean; of one object that stands there twice the later, as where they are applied."""
    found: dict[object, Resource] = {}
    for manifest in kinds.flat(manifests):
        if not kinds.is_half_typed(manifest):
            one = resource(manifest, namespace)
            named = one.labelled()
            found[one if "(unknown)" in named else (one.group, one.kind, *named)] = one
    return list(found.values())
