"""The pods that run Gateways, and the Services before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from istio_ingress.rules.defaults import GATEWAY_LABELS, ROOT_NAMESPACE
from istio_ingress.rules.resources import Gateway, Workload
from istio_ingress.rules.routing import Service
from istio_ingress.rules.values import known

Labels = Mapping[str, str]
#: A port on which pods listen: its number, or the name that a Service gives it.
Target = int | str

#: What `istioctl install` makes; taken where the manifests have no gateway of these labels.
DEFAULT_PORTS: Mapping[int, Target] = {80: 8080, 443: 8443}
_OF_ONE_REPLICA = frozenset({"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name",
                             "apps.kubernetes.io/pod-index"})  # fmt: skip
_UNTRANSLATED = "experimental.istio.io/disable-gateway-port-translation"


@dataclass(frozen=True)
class GatewayPods:
    """Pods that run the same Gateways."""

    namespace: str
    """Empty where it is not known."""
    labels: Labels
    services: tuple[Service, ...] = ()
    assumed: str = ""
    """What is taken for granted about them, because no manifest says it."""
    default_ports: Mapping[int, Target] = field(default_factory=dict)

    def runs(self, gateway: Gateway) -> bool:
        """Whether a Gateway selects them."""
        return gateway.selector.items() <= self.labels.items()

    def listens(self, number: int) -> Target:
        """Where the pods listen for a server of this port: what a Service that has the port translates it to."""
        for service in self.services:
            if _UNTRANSLATED in service.metadata.labels("labels"):
                continue
            for port in service.ports:
                if port.number("port") == number:
                    return _target(port.value.get("targetPort"), number)
        return self.default_ports.get(number, number)

    def enters(self, number: int) -> Target | None:
        """Where a request to this port comes in: a port or a node port of a Service; None where no Service has it."""
        if not self.services:
            return self.listens(number)
        for service in self.services:
            for port in service.ports:
                if number in (port.number("port"), port.number("nodePort")):
                    return _target(port.value.get("targetPort"), port.number("port"))
        return None

    def __str__(self) -> str:
        if self.services:
            return f"{self.services[0].namespace}/{self.services[0].name}"
        labels = ",".join(f"{key}={value}" for key, value in self.labels.items())
        return f"{self.namespace or 'an unknown namespace'}, pods with {labels or 'any labels'}"


def gateway_pods(
    gateways: Iterable[Gateway],
    services: Iterable[Service],
    workloads: Iterable[Workload],
    told: Mapping[frozenset[tuple[str, str]], str],
    *,
    all_pods: bool,
) -> list[GatewayPods]:
    """All pods that run some Gateway.

    Args:
        gateways: The Gateways.
        services: The Services, some of them before gateways.
        workloads: What makes pods.
        told: The namespaces of the pods of Gateways by their selector, where somebody says them.
        all_pods: Whether there are no others: those that a Gateway selects and that are not here do not exist.
    """
    selectors = list(dict.fromkeys(one for gateway in gateways if (one := known(selector, gateway)) is not None))
    services = list(services)
    found = list(_running(selectors, services, list(workloads)))
    for wanted in selectors:
        if all_pods or any(wanted <= pods.labels.items() for pods in found):
            continue
        found += _behind(wanted, services) or [_assumed(wanted, told.get(wanted, ""))]
    return found


def _running(
    selectors: list[frozenset[tuple[str, str]]], services: list[Service], workloads: list[Workload]
) -> Iterator[GatewayPods]:
    seen = set()
    for workload in workloads:
        labels = {key: value for key, value in (known(_labels, workload) or {}).items() if key not in _OF_ONE_REPLICA}
        key = workload.namespace, frozenset(labels.items())
        if key in seen or not any(selector and selector <= labels.items() for selector in selectors):
            continue
        seen.add(key)
        before = [one for one in services if one.namespace == workload.namespace and _selects(one, labels)]
        yield GatewayPods(workload.namespace, labels, tuple(before))


def selector(gateway: Gateway) -> frozenset[tuple[str, str]]:
    """The labels of the pods that a Gateway selects."""
    return gateway.labels


def _labels(workload: Workload) -> Labels:
    return workload.labels


def _behind(selector: frozenset[tuple[str, str]], services: list[Service]) -> list[GatewayPods]:
    """Pods that only show by the Services before them."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], list[Service]] = {}
    for service in services:
        labels = known(service.spec.labels, "selector") or {}
        if selector and selector <= labels.items():
            found.setdefault((service.namespace, frozenset(labels.items())), []).append(service)
    return [GatewayPods(namespace, dict(labels), tuple(some)) for (namespace, labels), some in found.items()]


def _assumed(selector: frozenset[tuple[str, str]], namespace: str) -> GatewayPods:
    if selector <= GATEWAY_LABELS.items():
        says = (
            f"no manifest has a gateway with these labels: taken for Istio's default one in "
            f"{namespace or ROOT_NAMESPACE}, whose Service leads 80 to 8080 and 443 to 8443"
        )
        return GatewayPods(namespace or ROOT_NAMESPACE, GATEWAY_LABELS, (), says, DEFAULT_PORTS)
    says = "no manifest has a gateway with these labels: taken as there, its Service with the ports of the Gateways"
    return GatewayPods(namespace, dict(selector), (), says)


def _selects(service: Service, labels: Labels) -> bool:
    selector = known(service.spec.labels, "selector")
    return bool(selector) and selector.items() <= labels.items()  # type: ignore[union-attr]


def _target(value: object, number: int) -> Target:
    if isinstance(value, bool) or value is None:
        return number
    if isinstance(value, int | float):
        return int(value)
    text = str(value)
    return int(text) if text.isdigit() else text
