"""Where destinations lead: Services and ServiceEntries by their host, and the subsets of DestinationRules."""

from __future__ import annotations

from dataclasses import dataclass

from istio_ingress.rules.hosts import full_name, is_ip_address, is_no_service, wildcards_over
from istio_ingress.rules.resources import Resource, Workload
from istio_ingress.rules.routing import DestinationRule, Service, ServiceEntry
from istio_ingress.rules.values import Node, NotKnownError, known
from istio_ingress.walk import exports
from istio_ingress.walk.ages import in_order, is_known

Labels = dict[str, str]


@dataclass(frozen=True)
class Backend:
    """A host of the mesh that has ports."""

    resource: Service | ServiceEntry
    host: str
    """Its full name."""

    @property
    def shown(self) -> str:
        """`namespace/name` of a Service, the host of a ServiceEntry."""
        if isinstance(self.resource, Service):
            return f"{self.resource.namespace}/{self.resource.name}"
        return self.host

    @property
    def external_name(self) -> str:
        """The host that a Service of type ExternalName stands for."""
        spec = self.resource.spec
        is_alias = isinstance(self.resource, Service) and spec.text("type") == "ExternalName"
        return spec.text("externalName").lower() if is_alias else ""

    @property
    def ports(self) -> list[int]:
        """The numbers of its ports that are not UDP."""
        if isinstance(self.resource, Service):
            return [one.number("port") for one in self.resource.ports if one.text("protocol").upper() != "UDP"]
        return [one.number("number") for one in self.resource.spec.nodes("ports")]

    def is_visible_to(self, namespace: str) -> bool:
        """Whether proxies of a namespace see it."""
        return exports.reaches(self.resource, namespace)


class Registry:
    """Every host that a destination may name."""

    def __init__(
        self,
        services: list[Service],
        entries: list[ServiceEntry],
        rules: list[DestinationRule],
        workloads: list[Workload],
        cluster_domain: str,
        root_namespace: str,
    ) -> None:
        self.domain, self._root = cluster_domain, root_namespace
        self._by_host: dict[str, list[Backend]] = {}
        self._unnamed: list[Resource] = []
        named: list[Service | ServiceEntry] = [*services, *entries]
        for resource in named:
            hosts = known(_hosts, resource, cluster_domain)
            if hosts is None:
                self._unnamed.append(resource)
            for host in hosts or ():
                self._by_host.setdefault(host, []).append(Backend(resource, host))
        self._rules: dict[str, list[DestinationRule]] = {}
        for rule in in_order(rules):
            ruled = known(_ruled, rule, cluster_domain)
            if ruled is None:
                self._unnamed.append(rule)
            else:
                self._rules.setdefault(ruled, []).append(rule)
        self._workloads: dict[tuple[str, tuple[str, str]], list[Workload]] = {}
        for workload in workloads:
            for label in (known(_labels, workload) or {}).items():
                self._workloads.setdefault((workload.namespace, label), []).append(workload)

    def full_name(self, host: str, namespace: str) -> str:
        """A destination's host as Istio completes it; no Service has one in upper case."""
        return full_name(host, namespace, self.domain) if host == host.lower() and not is_ip_address(host) else host

    def find(self, host: str, beside: str, proxy: str) -> Backend | None:
        """The backend of a full name that proxies of a namespace see: first one `beside` who names it."""
        found = self._by_host.get(host, [])
        ordered = sorted(found, key=lambda one: one.resource.labelled()[0] != beside)
        seen = [one for one in ordered if one.is_visible_to(proxy)]
        if len(seen) > 1 and not is_known(*(one.resource for one in seen)):
            raise NotKnownError(f"{seen[0].resource} and {seen[1].resource} are both {host}")
        if not seen and self._unnamed:
            raise NotKnownError(f"nothing has the host {host}, but {self._unnamed[0]} is not known in its name yet")
        return seen[0] if seen else None

    def shown(self, host: str) -> str:
        """A full name as answers have it: `namespace/name` of a Service, or else the host."""
        name, _, rest = host.removesuffix(f".svc.{self.domain}").partition(".")
        return f"{rest}/{name}" if host.endswith(f".svc.{self.domain}") else host

    def exists(self, host: str) -> bool:
        """Whether anybody has this full name."""
        return host in self._by_host

    def wildcard(self, host: str) -> Backend | None:
        """The ServiceEntry whose wildcard a host falls under."""
        return next((self._by_host[name][0] for name in wildcards_over(host) if name in self._by_host), None)

    def subset(self, backend: Backend, name: str, proxy: str) -> tuple[DestinationRule, Labels] | None:
        """The labels of a subset, and the DestinationRule that proxies of a namespace have it from."""
        for rule in self._applied(backend, proxy):
            for node in rule.spec.nodes("subsets"):
                if node.text("name") == name:
                    return rule, node.labels("labels")
        return None

    def pods(self, service: Service, more: Labels) -> list[Workload]:
        """The workloads among the manifests that a Service selects and that have further labels."""
        selector = service.spec.labels("selector")
        first = next(iter(selector.items()), None)
        if first is None:
            return []
        wanted = {**selector, **more}.items()
        return [one for one in self._workloads.get((service.namespace, first), []) if wanted <= one.labels.items()]

    def _applied(self, backend: Backend, proxy: str) -> list[DestinationRule]:
        """The rules that Istio merges: of the proxy's namespace, else of the Service's, else of the root namespace."""
        places = [proxy] if proxy and proxy != self._root else []
        places += [place for place in (backend.resource.namespace, self._root) if place not in places]
        for place in places:
            for host in (backend.host, *wildcards_over(backend.host)):
                found = [rule for rule in self._rules.get(host, []) if rule.namespace == place]
                if found:
                    seen = [one for one in found if exports.reaches(one, proxy)]
                    if seen or place != proxy:
                        return seen
                    break
        return []


def _hosts(resource: Service | ServiceEntry, domain: str) -> list[str]:
    if isinstance(resource, Service):
        return [f"{resource.name}.{resource.namespace}.svc.{domain}".lower()]
    return [full_name(host, resource.namespace, domain) for host in resource.spec.texts("hosts")]


def _ruled(rule: DestinationRule, domain: str) -> str:
    host = rule.spec.text("host")
    return host if is_no_service(host, domain) else full_name(host, rule.namespace, domain)


def _labels(workload: Workload) -> Labels:
    return workload.labels


def port_of(destination: Node) -> int:
    """The port that a destination names; 0 where it names none."""
    return destination.node("port").number("number")
