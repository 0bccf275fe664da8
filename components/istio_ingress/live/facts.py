"""The cluster and the stack as they were told. It holds no connection: a test builds it of recorded objects."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from istio_ingress import rules
from istio_ingress.live import address, stack
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.certificates import Chain
from istio_ingress.live.cluster import Cluster
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.rules import kinds
from istio_ingress.rules.defaults import GATEWAY_SERVICE, ROOT_NAMESPACE
from istio_ingress.rules.index import Index
from istio_ingress.rules.resources import Gateway, Server
from istio_ingress.rules.values import known
from istio_ingress.topology import Sources, Topology, build, ingresses
from istio_ingress.topology.backends import RunningPods, is_ready, template_labels
from istio_ingress.topology.manifests import Manifest, name_of

T = TypeVar("T")


@dataclass(frozen=True)
class GatewayName:
    """The Service in front of the gateway's pods."""

    namespace: str = ROOT_NAMESPACE
    service: str = GATEWAY_SERVICE

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}"


@dataclass(eq=False)
class ClusterFacts:
    """What was asked and what came back. Whatever could not be asked is an error in its place."""

    now: datetime
    cluster: Cluster
    outputs: Mapping[str, Any] | LiveError
    """Of the stack."""
    gateway: GatewayName = field(default_factory=GatewayName)
    settings: rules.Settings = field(default_factory=rules.Settings)
    has_stack: bool = True
    """Whether a stack is wanted; only a gateway was named where it is not."""

    @cached_property
    def service(self) -> Manifest:
        """The gateway's Service.

        Raises:
            LiveError: there is none.
        """
        found = self.cluster.find("Service", self.gateway.namespace, self.gateway.service)
        if found is None:
            raise NotAskedError(f"there is no Service {self.gateway}")
        return found

    @cached_property
    def pods(self) -> list[Manifest]:
        """The gateway's pods.

        Raises:
            LiveError: they could not be asked for.
        """
        labels = self._selector
        here = (pod for pod in self.cluster.of("Pod") if name_of(pod)[0] == self.gateway.namespace)
        return [pod for pod in here if labels and labels.items() <= (pod["metadata"].get("labels") or {}).items()]

    @property
    def ready_pods(self) -> list[Manifest]:
        """Those that take requests."""
        return [pod for pod in self.pods if is_ready(pod) and not pod["metadata"].get("deletionTimestamp")]

    @cached_property
    def deployment(self) -> Manifest | None:
        """The Deployment that makes the gateway's pods, if one does."""
        labels = self._selector
        here = (one for one in self.cluster.seen("Deployment") if name_of(one)[0] == self.gateway.namespace)
        return next((one for one in here if labels and labels.items() <= template_labels(one).items()), None)

    @cached_property
    def account(self) -> str:
        """The service account of the gateway's pods."""
        specs = [pod["spec"] for pod in self.pods]
        specs += [self.deployment["spec"]["template"]["spec"]] if self.deployment else []
        return next((spec["serviceAccountName"] for spec in specs if spec.get("serviceAccountName")), "default")

    @cached_property
    def address(self) -> IngressAddress:
        """Where the gateway is reached.

        Raises:
            LiveError: nowhere.
        """
        return address.from_objects(self.service, self.pods)

    @cached_property
    def ingresses(self) -> list[Manifest]:
        """The Kubernetes Ingresses that Istio serves."""
        return ingresses.of_istio(self.cluster.seen("Ingress"), self.cluster.seen("IngressClass"))

    @cached_property
    def manifests(self) -> list[Manifest]:
        """What the rules judge; Ingresses are in it as what Istio makes of them."""
        found = [one for kind in dict.fromkeys(kind.name for kind in kinds.KINDS) for one in self.cluster.seen(kind)]
        return [*found, *ingresses.as_istio(self.ingresses, self.cluster.seen("Service"))]

    @cached_property
    def index(self) -> Index:
        """The manifests, to look things up."""
        return Index(self.manifests, self.now, self.settings)

    @cached_property
    def gateways(self) -> list[Gateway]:
        """The Gateways that the gateway's pods serve, wherever they stand."""
        return [gateway for gateway in self.index.gateways.items if self._serves(gateway)]

    def credentials_of(self, server: Server) -> list[str]:
        """The bare names of the Secrets beside the gateway's pods that a server reads its certificates from."""
        named = known(lambda: server.credential_names if server.terminates else []) or []
        prefixes = ("kubernetes://", f"{self.gateway.namespace}/")
        bare = [functools.reduce(str.removeprefix, prefixes, name) for name in named]
        return [name for name in bare if name and "/" not in name]  # the rules say what is wrong with the others

    @cached_property
    def findings(self) -> list[rules.Finding]:
        """What the rules find, but for what is served by other gateways' pods."""
        elsewhere = {gateway.labelled() for gateway in self.index.gateways.items if self._is_of_others(gateway)}
        of_ingresses = [finding for finding in self._all_findings if ingresses.is_of_ingress(finding)]
        dropped = {finding for finding in of_ingresses if not finding.rule.startswith(ingresses.RULES)}
        dropped |= {finding for finding in self._all_findings if finding.rule in ingresses.SAID_TWICE}
        bound_elsewhere = {
            service.labelled()
            for service in self.index.virtual_services.items
            if service.known_spec.known_texts("gateways")
            and all(service.gateway_key(name) in elsewhere for name in service.known_spec.known_texts("gateways"))
        }
        others = {("Gateway", *key) for key in elsewhere} | {("VirtualService", *key) for key in bound_elsewhere}
        return [
            finding
            for finding in self._all_findings
            if (finding.kind, finding.namespace, finding.name) not in others and finding not in dropped
        ]

    @cached_property
    def topology(self) -> Topology:
        """Every host of the gateway and its way to the pods."""
        running = RunningPods(*map(self.cluster.told, ("EndpointSlice", "Pod", "Deployment")))
        return build(Sources(self.index, self.findings, running, self.gateways))

    @property
    def known_outputs(self) -> Mapping[str, Any]:
        """The stack's outputs, as far as they could be read."""
        return {} if isinstance(self.outputs, LiveError) else self.outputs

    def authority(self, purpose: str) -> Chain | None:
        """The certificate authority that the stack tells clients to trust for the hosts of a purpose."""
        return _chain(stack.authority(self.known_outputs, purpose))

    @property
    def client_certificate(self) -> Chain | None:
        """The certificate that the stack's own client shows."""
        return _chain(str(self.known_outputs.get("client_certificate") or ""))

    @property
    def hosts(self) -> Mapping[str, Sequence[str]]:
        """The hosts that the stack exports, by purpose."""
        return stack.hosts(self.known_outputs)

    @cached_property
    def _all_findings(self) -> list[rules.Finding]:
        found = rules.check(self.manifests, now=self.now, settings=self.settings)
        # The stack's waivers are for its preview too, which says which of them waive nothing.
        return [finding for finding in found if not finding.is_about_settings]

    @cached_property
    def _selector(self) -> dict[str, str]:
        return dict(self.service["spec"].get("selector") or {})

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Of the gateway's pods, or of those that there would be."""
        try:
            if self.pods:
                return dict(self.pods[0]["metadata"].get("labels") or {})
        except LiveError:
            pass  # then by what is known of them
        told = self.known_outputs.get("gateway")
        found = dict((told.get("selector") or {}) if isinstance(told, Mapping) else {})
        try:
            return found | self._selector | (template_labels(self.deployment) if self.deployment else {})
        except LiveError:
            return found

    def _serves(self, gateway: Gateway) -> bool:
        return gateway.labels <= self._labels.items()

    def _is_of_others(self, gateway: Gateway) -> bool:
        return not self._serves(gateway) and bool(self.index.listeners.workloads(gateway))


def _chain(pem: str) -> Chain | None:
    try:
        return Chain.read(pem) if pem else None
    except LiveError:
        return None


def certain(value: T | LiveError) -> T:
    """The answer to a question that may have failed.

    Raises:
        LiveError: it did; this is why.
    """
    if isinstance(value, LiveError):
        raise value
    return value
