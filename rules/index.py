"""An index over manifests, built once for all rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Generic, TypeVar

from rules.hosts import HostMap, admits, full_name, wildcards_over
from rules.listeners import Listeners
from rules.resources import MUTUAL_MODES, Gateway, Resource, Server, Workload
from rules.routing import Destination, DestinationRule, Service, ServiceEntry, VirtualService
from rules.secrets import CA_SUFFIX, ClientCa, Credential, Secret
from rules.settings import Settings
from rules.values import MalformedError, UnknownValueError

R = TypeVar("R", bound=Resource)

_ISTIO: dict[str, type[Resource]] = {
    "Gateway": Gateway,
    "VirtualService": VirtualService,
    "ServiceEntry": ServiceEntry,
    "DestinationRule": DestinationRule,
}
_CORE: dict[str, type[Resource]] = {"Secret": Secret, "Service": Service, "Pod": Workload}
_APPS: dict[str, type[Resource]] = dict.fromkeys(("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet"), Workload)


class Collection(Generic[R]):
    """The resources of one kind, by namespace and name."""

    def __init__(self, items: list[R]) -> None:
        self.items = items
        self._by_key: dict[tuple[str, str], R] = {}
        self._by_namespace: dict[str, list[R]] = {}
        self._some_unknown = False
        for item in items:
            try:
                self._by_key.setdefault(item.key, item)
                self._by_namespace.setdefault(item.namespace, []).append(item)
            except (UnknownValueError, MalformedError):
                self._some_unknown = True

    def find(self, namespace: str, name: str) -> R | None:
        """The resource of this name. One whose name or namespace is not known might be it: then that is unknown too."""
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

    @cached_property
    def _by_name(self) -> dict[str, list[R]]:
        found: dict[str, list[R]] = {}
        for (_, name), item in self._by_key.items():
            found.setdefault(name, []).append(item)
        return found


class Index:
    """Everything that rules look up: resources by name, gateway pods, credentials, listeners."""

    def __init__(self, manifests: Iterable[Mapping[str, object]], now: datetime, settings: Settings) -> None:
        self.now, self.settings = now, settings
        self.resources = [resource(manifest, settings.namespace) for manifest in _flat(manifests)]
        self.gateways = self._collect(Gateway)
        self.virtual_services = self._collect(VirtualService)
        self.services = self._collect(Service)
        self.service_entries = self._collect(ServiceEntry).items
        self.secrets = self._collect(Secret)
        self._open_hosts: dict[tuple[int, str], HostMap[Server]] = {}
        self.servers = [server for gateway in self.gateways.items for server in gateway.servers]
        self._subjects: dict[type, Sequence[object]] = {Index: [self], Server: self.servers}
        self.listeners = Listeners(self.servers, self._collect(Workload).items, self.services.items)
        self._subjects |= {
            Destination: [one for service in self.virtual_services.items for one in service.destinations],
            Credential: self.credentials,
            ClientCa: self.client_cas,
        }

    def subjects(self, kind: type) -> Sequence[object]:
        """What a rule over this type is asked about, one by one."""
        if kind not in self._subjects:
            self._subjects[kind] = [item for item in self.resources if isinstance(item, kind)]
        return self._subjects[kind]

    def gateway_namespaces(self, gateway: Gateway) -> set[str]:
        """The namespaces in which a Gateway's pods run, as far as the manifests or the settings say it."""
        if not gateway.selector:
            return set()
        told = self.settings.gateway_namespace(gateway.selector)
        if told:
            return {told}
        return {workload.namespace for workload in self.listeners.workloads(gateway)} - {""}

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

    def find_secrets(self, server: Server, name: str) -> list[Secret]:
        """The Secrets that a server means by a credential's name: those of its pods' namespaces, or the only one."""
        namespaces = self.gateway_namespaces(server.gateway)
        if namespaces:
            found = [self.secrets.find(namespace, name) for namespace in sorted(namespaces)]
            return [secret for secret in found if secret]
        named = self.secrets.named(name)
        return named if len(named) == 1 and not self.settings.complete else []

    def entries_for(self, host: str, namespace: str) -> list[ServiceEntry]:
        """The ServiceEntries for a destination's host as a VirtualService of this namespace writes it."""
        full = full_name(host, namespace, self.settings.cluster_domain)
        return [entry for name in (full, *wildcards_over(full)) for entry in self._entries.get(name, [])]

    def destination_rules_for(self, host: str, namespace: str) -> list[DestinationRule]:
        """The DestinationRules for a destination's host as a VirtualService of this namespace writes it."""
        return self._destination_rules.get(full_name(host, namespace, self.settings.cluster_domain), [])

    @cached_property
    def _entries(self) -> dict[str, list[ServiceEntry]]:
        found: dict[str, list[ServiceEntry]] = {}
        for entry in self.service_entries:
            for host in entry.known_spec.known_texts("hosts"):
                found.setdefault(full_name(host, entry.labelled()[0], self.settings.cluster_domain), []).append(entry)
        return found

    @cached_property
    def _destination_rules(self) -> dict[str, list[DestinationRule]]:
        found: dict[str, list[DestinationRule]] = {}
        for rule in self._collect(DestinationRule).items:
            try:
                host = full_name(rule.spec.text("host"), rule.namespace, self.settings.cluster_domain)
            except (UnknownValueError, MalformedError):
                continue
            found.setdefault(host, []).append(rule)
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

    def _collect(self, kind: type[R]) -> Collection[R]:
        return Collection([item for item in self.resources if isinstance(item, kind)])


def resource(manifest: Mapping[str, object], namespace: str) -> Resource:
    """The manifest as the resource it is."""
    version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
    group = version.rpartition("/")[0]
    known = {"networking.istio.io": _ISTIO, "": _CORE, "apps": _APPS}.get(group, {})
    return known.get(kind, Resource)(manifest, namespace)


def _flat(manifests: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    for manifest in manifests:
        if not isinstance(manifest, Mapping):
            raise TypeError(f"a manifest is a mapping, not {type(manifest).__name__}")
        items = manifest.get("items")
        kind = manifest.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(items, Sequence):
            yield from _flat(item for item in items if isinstance(item, Mapping))
        elif isinstance(kind, str) and isinstance(manifest.get("apiVersion"), str):
            yield manifest
