"""An index over manifests, built once for all rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from istio_ingress.rules import kinds
from istio_ingress.rules.credential_keys import CA_SUFFIX
from istio_ingress.rules.defaults import ISTIOD_LABELS, ROOT_NAMESPACE
from istio_ingress.rules.hosts import HostMap, admits, full_name, is_no_service, wildcards_over
from istio_ingress.rules.lazy import cached_property
from istio_ingress.rules.listeners import Listeners
from istio_ingress.rules.makers import SecretMaker
from istio_ingress.rules.resources import MUTUAL_MODES, Gateway, GatewayApiGateway, Resource, Server, Workload
from istio_ingress.rules.routing import (
    MESH,
    Destination,
    DestinationRule,
    Exported,
    Service,
    ServiceEntry,
    VirtualService,
)
from istio_ingress.rules.secrets import ClientCa, Credential, Secret
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import MalformedError, UnknownValueError, known_of
from istio_ingress.rules.words import NearNames

#: What a route's host, and a VirtualService's `gateways`, may mean: the kinds as kubectl calls them.
_BACKENDS = frozenset({"services", "serviceentries.networking.istio.io"})
_GATEWAYS = frozenset({"gateways.networking.istio.io", "gateways.gateway.networking.k8s.io"})

R = TypeVar("R", bound=Resource)
T = TypeVar("T")


class Collection(Generic[R]):
    """The resources of one kind, by namespace and name.

    Of an object that has several different manifests nobody knows which counts, so nothing is said of it and others.
    """

    def __init__(self, items: list[R]) -> None:
        self._by_key: dict[tuple[str, str], R] = {}
        self._by_namespace: dict[str, list[R]] = {}
        self._some_unknown = False
        self._versions: set[tuple[str, str]] = set()
        self._names: dict[str, list[str]] = {}
        self._near: dict[str, NearNames] = {}
        for item in items:
            try:
                if self._by_key.setdefault(item.key, item) is item:
                    self._by_namespace.setdefault(item.namespace, []).append(item)
                else:
                    self._versions.add(item.key)
            except (UnknownValueError, MalformedError):
                self._some_unknown = True
        if self._versions:
            items = [item for item in items if known_of(item, "key") not in self._versions]
        self.items = items

    def find(self, namespace: str, name: str) -> R | None:
        """The resource of this name.

        Raises:
            UnknownValueError: one whose name or namespace is not known might be it, or it has several manifests.
        """
        if (namespace, name) in self._versions:
            raise UnknownValueError(f"{namespace}/{name}")
        found = self._by_key.get((namespace, name))
        if found is None and (self._some_unknown or ("", name) in self._by_key):
            raise UnknownValueError(f"{namespace}/{name}")
        return found

    def named(self, name: str) -> list[R]:
        """The resources of this name in any namespace."""
        return self._by_name.get(name, [])

    def beside(self, namespace: str) -> list[R]:
        """The resources of a namespace."""
        return self._by_namespace.get(namespace, [])

    def names(self, namespace: str) -> list[str]:
        """The names of a namespace's resources."""
        if namespace not in self._names:
            self._names[namespace] = [item.name for item in self.beside(namespace)]
        return self._names[namespace]

    def near(self, namespace: str, name: str) -> str:
        """The only name in a namespace that differs from this one in a letter, or nothing: see `NearNames`."""
        if namespace not in self._near:
            self._near[namespace] = NearNames(self.names(namespace))
        return self._near[namespace].near(name)

    @cached_property
    def _by_name(self) -> dict[str, list[R]]:
        found: dict[str, list[R]] = {}
        for (_, name), item in self._by_key.items():
            found.setdefault(name, []).append(item)
        return found


class Binding(NamedTuple):
    """A server that takes a VirtualService's routes for a host: the narrower one of the server's and its own."""

    service: VirtualService
    server: Server
    host: str


class Index:
    """Everything that rules look up: resources by name, gateway pods, credentials, listeners."""

    def __init__(
        self,
        manifests: Iterable[Mapping[str, object]],
        now: datetime,
        settings: Settings,
        whole: Iterable[str] = (),
    ) -> None:
        self.now, self.settings = now, settings
        self._whole = frozenset(whole)
        self.resources = list(_without_copies(resource(one, settings.namespace) for one in kinds.flat(manifests)))
        self._types = set(map(type, self.resources))
        self.gateways = self._collect(Gateway)
        self.virtual_services = self._collect(VirtualService)
        self.services = self._collect(Service)
        self.workloads = self._collect(Workload).items
        self.service_entries = self._collect(ServiceEntry).items
        self.secrets = self._collect(Secret)
        self.gateway_api_gateways = self._collect(GatewayApiGateway)
        self._made: dict[Callable[[Index], Any], Any] = {}
        self._bindings: dict[int, list[Binding]] = {}
        self._gateways_of: dict[int, list[Gateway]] = {}
        self._open_hosts: dict[tuple[int, str], HostMap[Server]] = {}
        self.servers = [server for gateway in self.gateways.items for server in gateway.servers]
        self.listeners = Listeners(self.servers, self.workloads, self.services.items)
        self._subjects: dict[tuple[type, tuple[str, ...]], Sequence[Any]] = {
            (Index, ()): [self],
            (Server, ()): [server for gateway in self.every(Gateway) for server in gateway.servers],
            (Destination, ()): [one for service in self.every(VirtualService) for one in service.destinations],
            (Credential, ()): self.credentials,
            (ClientCa, ()): self.client_cas,
        }

    def once(self, make: Callable[[Index], T]) -> T:
        """What a function makes of this index, made once for all the rules that need it."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def subjects(self, kind: type, needs: tuple[str, ...] = ()) -> Sequence[Any]:
        """What a rule over this type is asked about, one by one: all, or those that may have one of these fields."""
        key = kind, needs
        if key not in self._subjects:
            self._subjects[key] = (
                [one for one in self.subjects(kind) if one.may_have(needs)] if needs else self.every(kind)
            )
        return self._subjects[key]

    def gateway_namespaces(self, gateway: Gateway) -> set[str]:
        """The namespaces in which a Gateway's pods run, as far as the manifests or the settings say it."""
        return self.pod_namespaces(gateway.selector)

    def pod_namespaces(self, selector: Mapping[str, str]) -> set[str]:
        """The namespaces in which the pods with these labels run, as far as the manifests or the settings say it."""
        if not selector:
            return set()
        told = self.settings.gateway_namespace(selector)
        if told:
            return {told}
        return {workload.namespace for workload in self.listeners.selected(frozenset(selector.items()))} - {""}

    @cached_property
    def root_namespaces(self) -> set[str]:
        """The namespaces whose objects hold for the whole mesh, as far as the settings or the manifests say it."""
        if self.settings.root_namespace:
            return {self.settings.root_namespace}
        return {ROOT_NAMESPACE, *self.pod_namespaces(ISTIOD_LABELS)}

    def open_hosts(self, gateway: Gateway, namespace: str) -> HostMap[Server]:
        """The hosts that a Gateway opens to VirtualServices of a namespace; every one of its hosts must be known."""
        key = id(gateway), namespace
        if key not in self._open_hosts:
            for server in gateway.spec.nodes("servers"):
                server.texts("hosts")
            self._open_hosts[key] = HostMap(
                (host, server)
                for server in gateway.servers
                for scope, host in server.scoped_hosts
                if admits(scope, namespace)
            )
        return self._open_hosts[key]

    def bindings(self, service: VirtualService) -> list[Binding]:
        """Where the Gateways among the manifests take a VirtualService's routes, if they are exported to the pods.

        Raises:
            UnknownValueError: a host or a Gateway is not known.
        """
        if id(service) not in self._bindings:
            found: dict[tuple[int, str], Binding] = {}
            hosts = [self.full_host(host, service) for host in service.hosts]
            for gateway in self.gateways_of(service):
                if self.hidden_from(service, gateway):
                    continue
                opened = self.open_hosts(gateway, service.namespace)
                for written, host in zip(service.hosts, hosts, strict=True):
                    for common, server in opened.common(host):
                        if host == written or service.namespace:
                            found.setdefault((id(server), common), Binding(service, server, common))
            self._bindings[id(service)] = list(found.values())
        return self._bindings[id(service)]

    def has_all(self, those: Collection[Any], namespace: str) -> bool:
        """Whether an object of a namespace that is not among those does not exist: see Settings."""
        named_alike = _BACKENDS if those is self.services else _GATEWAYS
        if self.settings.complete or named_alike <= self._whole:
            return True
        return self.settings.program and bool(those.beside(namespace))

    def gateways_of(self, service: VirtualService) -> list[Gateway]:
        """The Gateways that a VirtualService names, as far as they are among the manifests."""
        if id(service) not in self._gateways_of:
            named = (self.gateways.find(*service.gateway_key(name)) for name in service.gateways if name != MESH)
            found = {id(gateway): gateway for gateway in named if gateway}
            self._gateways_of[id(service)] = list(found.values())
        return self._gateways_of[id(service)]

    def full_host(self, host: str, service: VirtualService) -> str:
        """A host of a VirtualService as Istio completes it: the hosts of Gateways stay as they are."""
        return full_name(host, service.namespace, self.settings.cluster_domain)

    def hidden_from(self, resource: Exported, gateway: Gateway) -> list[str]:
        """The namespaces of a Gateway's pods that do not see an object because of its `exportTo`."""
        return [one for one in sorted(self.gateway_namespaces(gateway)) if not resource.is_exported_to(one)]

    def find_secrets(self, server: Server, name: str) -> list[Secret]:
        """The Secrets that a server means by a credential's name: those of its pods' namespaces, or the only one."""
        namespaces = self.gateway_namespaces(server.gateway)
        if namespaces:
            found = [self.secrets.find(namespace, name) for namespace in sorted(namespaces)]
            return [secret for secret in found if secret]
        named = self.secrets.named(name)
        return named if len(named) == 1 and not self.settings.complete else []

    def makers_of(self, secret: str) -> list[SecretMaker]:
        """The objects of which controllers make Secrets of this name, in whatever namespace."""
        return self._makers.get(secret, [])

    @cached_property
    def _makers(self) -> dict[str, list[SecretMaker]]:
        found: dict[str, list[SecretMaker]] = {}
        for maker in self.every(SecretMaker):
            name = known_of(maker, "secret_name")
            if name and known_of(maker, "key"):
                found.setdefault(name, []).append(maker)
        return found

    def entries_for(self, host: str, namespace: str) -> list[ServiceEntry]:
        """The ServiceEntries for a destination's host as a VirtualService of this namespace writes it."""
        return self._of_host(self._entries, host, namespace)

    def destination_rules_for(self, host: str, namespace: str) -> list[DestinationRule]:
        """The DestinationRules for a destination's host, or a wildcard over it, as a VirtualService here writes it."""
        return self._of_host(self._destination_rules, host, namespace)

    def _of_host(self, held: Mapping[str, list[R]], host: str, namespace: str) -> list[R]:
        if not held:
            return []
        full = full_name(host, namespace, self.settings.cluster_domain)
        return [one for name in (full, *wildcards_over(full)) for one in held.get(name, [])]

    def is_for(self, rule: DestinationRule, host: str) -> bool:
        """Whether a DestinationRule is for this very host, given in full, and not for a wildcard over it."""
        return rule in self._destination_rules.get(host, ())

    def has_versions(self, resource: Resource) -> bool:
        """Whether there are several manifests of one object, each perhaps only a part of it."""
        return known_of(resource, "key") is not None and self._versions[_identity(resource)] > 1

    @cached_property
    def _versions(self) -> Counter[tuple[str, ...]]:
        return Counter(_identity(one) for one in self.resources if known_of(one, "key"))

    @cached_property
    def _entries(self) -> dict[str, list[ServiceEntry]]:
        found: dict[str, list[ServiceEntry]] = {}
        for entry in self.every(ServiceEntry):
            for host in entry.known_spec.known_texts("hosts"):
                found.setdefault(full_name(host, entry.labelled()[0], self.settings.cluster_domain), []).append(entry)
        return found

    @cached_property
    def _destination_rules(self) -> dict[str, list[DestinationRule]]:
        found: dict[str, list[DestinationRule]] = {}
        for rule in self.every(DestinationRule):
            try:
                written, namespace = rule.spec.text("host"), rule.namespace
            except (UnknownValueError, MalformedError):
                continue
            if not is_no_service(written, self.settings.cluster_domain):
                found.setdefault(full_name(written, namespace, self.settings.cluster_domain), []).append(rule)
        return found

    @cached_property
    def credentials(self) -> list[Credential]:
        """The Secrets whose certificates servers present."""
        found: dict[int, Credential] = {}
        for server in self.servers:
            for secret in self._secrets_of(server):
                found.setdefault(id(secret), Credential(secret, [])).servers.append(server)
        return list(found.values())

    def credentials_of(self, server: Server) -> list[Credential]:
        """The Secrets whose certificates one server presents."""
        return self._by_server.get(id(server), [])

    @cached_property
    def _by_server(self) -> dict[int, list[Credential]]:
        found: dict[int, list[Credential]] = {}
        for credential in self.credentials:
            for server in credential.servers:
                found.setdefault(id(server), []).append(credential)
        return found

    @cached_property
    def client_cas(self) -> list[ClientCa]:
        """The Secrets whose CA bundles verify the clients of servers."""
        found: dict[int, ClientCa] = {}
        for server in self.servers:
            try:
                secret = self.client_ca(server)
                if secret is None or secret.ca_keys is None:
                    continue
            except (UnknownValueError, MalformedError):
                continue
            found.setdefault(id(secret), ClientCa(secret, [])).servers.append(server)
        return list(found.values())

    def client_ca(self, server: Server) -> Secret | None:
        """The Secret in which Istio looks for a server's client CA: `<credential>-cacert`, then the credential."""
        if server.mode not in MUTUAL_MODES or not server.credential_names:
            return None
        told = server.tls.text("caCertCredentialName")
        base = (told or server.credential_names[0]).removesuffix(CA_SUFFIX)
        for name in (base + CA_SUFFIX, base):
            found = self.find_secrets(server, name)
            if found:
                return found[0]
        return None

    def _secrets_of(self, server: Server) -> Iterator[Secret]:
        try:
            if server.terminates:
                for name in server.credential_names:
                    yield from self.find_secrets(server, name)
        except (UnknownValueError, MalformedError):
            return

    def every(self, kind: type[T]) -> list[T]:
        """All resources of a kind, those without a name and several versions of one too."""
        if not any(issubclass(one, kind) for one in self._types):
            return []
        return [item for item in self.resources if isinstance(item, kind)]

    def _collect(self, kind: type[R]) -> Collection[R]:
        kinds.require(kind)
        return Collection(self.every(kind))


def resource(manifest: Mapping[str, object], namespace: str) -> Resource:
    """The manifest as the resource it is."""
    kind = kinds.find(str(manifest.get("apiVersion")), str(manifest.get("kind")))
    return (kind.resource if kind else Resource)(manifest, namespace)


def _identity(resource: Resource) -> tuple[str, ...]:
    return resource.group, resource.kind, *resource.key


def _without_copies(resources: Iterable[Resource]) -> Iterator[Resource]:
    """The resources without equal copies, which are one object; two resources of a program are two even so."""
    seen: dict[tuple[str, ...], list[Resource]] = {}
    for one in resources:
        try:
            others = seen.setdefault(_identity(one), [])
        except (UnknownValueError, MalformedError):
            yield one
            continue
        if not any(other.node.value == one.node.value and not (other.owned and one.owned) for other in others):
            others.append(one)
            yield one
