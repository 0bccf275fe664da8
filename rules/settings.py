"""What the rules have to be told because manifests do not say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Settings:
    """Facts about the environment, limits of taste, and waivers."""

    #: The environment is a production one.
    production: bool = False
    #: A certificate that ends within so many days is due.
    expiry_days: int = 21
    #: Where gateway pods run, by the labels that select them: {"istio=ingressgateway": "istio-system"}. The labels ""
    #: mean any gateway. Gateway workloads among the manifests are found without it.
    gateway_namespaces: Mapping[str, str] = field(default_factory=dict)
    #: The namespace of manifests that name none. Without it, what depends on their namespace cannot be told.
    namespace: str = ""
    #: The DNS suffix of Services.
    cluster_domain: str = "cluster.local"
    #: The manifests are all there is in the cluster, so what is not among them does not exist.
    complete: bool = False
    #: Rules that do not apply here: id to the reason.
    waivers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.expiry_days < 0:
            raise ValueError(f"expiry_days is {self.expiry_days}; it must be 0 or more")
        for rule_id, reason in self.waivers.items():
            if not reason.strip():
                raise ValueError(f"the waiver of {rule_id} gives no reason")
        for selector, namespace in self.gateway_namespaces.items():
            if not namespace:
                raise ValueError(f"gateway_namespaces has no namespace for {selector!r}")
            if selector and not all("=" in label for label in selector.split(",")):
                raise ValueError(f"gateway_namespaces has {selector!r}; labels are written key=value, key=value")

    def gateway_namespace(self, selector: Mapping[str, str]) -> str:
        """The namespace of the pods that a Gateway selects; empty when it was not told."""
        for labels, namespace in self.gateway_namespaces.items():
            pairs = (label.strip().partition("=") for label in labels.split(",") if label.strip())
            if all(selector.get(key) == value for key, _, value in pairs):
                return namespace
        return ""
