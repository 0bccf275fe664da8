"""Where a destination leads: a Service's port that pods stand behind, or a 503."""

from __future__ import annotations

from istio_ingress.rules.routing import Service, VirtualService
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.walk.answer import BACKEND, GATEWAY, Answer, Trail
from istio_ingress.walk.backends import Backend, Registry, port_of
from istio_ingress.walk.gateways import GatewayPods

_UNAVAILABLE = Answer(GATEWAY, 503, intended=False)


class Leads:
    """Follows destinations for gateway pods, and says each step."""

    def __init__(
        self,
        registry: Registry,
        pods: GatewayPods,
        trail: Trail,
        *,
        complete: bool,
        has_pods: bool,
        assumes: bool = False,
    ) -> None:
        self._registry, self._pods, self._trail = registry, pods, trail
        self._complete, self._has_pods, self._assumes = complete, has_pods, assumes

    def follow(self, service: VirtualService, destination: Node, server_port: int) -> Answer:
        """The backend's part of an answer; without a port of its own a destination takes the Service's only one.

        Args:
            service: The VirtualService in which it stands.
            destination: Host, port and subset.
            server_port: The number of the Gateway's server, taken where neither names a port.
        """
        host = self._registry.full_name(destination.text("host"), service.namespace)
        named = self._registry.find(host, service.namespace, self._pods.namespace)
        port = port_of(destination) or (named.ports[0] if named and len(named.ports) == 1 else server_port)
        if named and named.external_name:
            self._trail.add(named.resource, "spec.externalName", f"stands for {named.external_name}")
            host = named.external_name
            named = self._registry.find(host, "", self._pods.namespace)
        if named is None:
            return self._missing(host, port, destination.text("subset"))
        if port not in named.ports:
            others = f", only {', '.join(map(str, named.ports))}" if named.ports else " for TCP"
            return self._unavailable(named, f"has no port {port}{others}")
        return self._ready(named, port, destination.text("subset"))

    def _ready(self, backend: Backend, port: int, subset: str) -> Answer:
        labels: dict[str, str] = {}
        if subset:
            found = self._registry.subset(backend, subset, self._pods.namespace)
            if found is None and self._assumes:
                self._trail.add(
                    backend.resource, "", f"no DestinationRule here has its subset {subset}: taken for there"
                )
                return Answer(BACKEND, service=backend.shown, port=port, subset=subset)
            if found is None:
                return self._unavailable(backend, f"no DestinationRule that the gateway sees has its subset {subset}")
            rule, labels = found
            self._trail.add(rule, "spec.subsets", f"subset {subset} is the pods with {labels}")
        if isinstance(backend.resource, Service) and self._has_none(backend.resource, labels):
            return self._unavailable(backend, "selects no pod" if not subset else f"has no pod of the subset {subset}")
        self._trail.add(backend.resource, "", f"port {port} answers")
        return Answer(BACKEND, service=backend.shown, port=port, subset=subset)

    def _has_none(self, service: Service, labels: dict[str, str]) -> bool:
        """Whether certainly no pod stands behind; where a Service's pods are not among the manifests, some may."""
        if not service.spec.labels("selector"):
            return False
        if self._has_pods:
            return not self._registry.pods(service, labels)
        return bool(labels) and bool(self._registry.pods(service, {})) and not self._registry.pods(service, labels)

    def _missing(self, host: str, port: int, subset: str) -> Answer:
        wide = self._registry.wildcard(host)
        if wide is not None:
            raise NotKnownError(f"{wide.resource} has a wildcard over {host}, and where that leads only its names say")
        if self._registry.exists(host):
            says = f"{host} is exported to other namespaces only, not to the gateway's"
        elif self._assumes:
            self._trail.add(None, "", f"{host} is not declared here: taken for there")
            return Answer(BACKEND, service=self._registry.shown(host), port=port, subset=subset)
        elif self._complete:
            says = f"nothing has the host {host}"
        else:
            raise NotKnownError(f"the Service {host} is not among what was read")
        self._trail.add(None, "", says)
        return _UNAVAILABLE

    def _unavailable(self, backend: Backend, says: str) -> Answer:
        self._trail.add(backend.resource, "", says)
        return _UNAVAILABLE
