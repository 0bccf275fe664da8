"""What the rules have to be told because manifests do not say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from istio_ingress.rules import plain, releases
from istio_ingress.rules.defaults import CLUSTER_DOMAIN
from istio_ingress.rules.finding import Severity
from istio_ingress.rules.names import is_dns_label
from istio_ingress.rules.plain import SettingError
from istio_ingress.rules.waivers import parts

_SEVERITIES = {severity.value for severity in Severity}
_LONGEST_DAYS = 36500  # a hundred years; far above it a date cannot be written


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
    #: The release of Istio that runs, such as "1.29". By default the newest that the rules know.
    istio_version: str = releases.shown(releases.NEWEST)
    #: The DNS suffix of Services.
    cluster_domain: str = CLUSTER_DOMAIN
    #: The namespace whose objects hold for the mesh (`rootNamespace`). Without it, istio-system and where istiod runs.
    root_namespace: str = ""
    #: The manifests are all there is in the cluster, so what is not among them does not exist.
    complete: bool = False
    #: The manifests are what one program declares: where it declares some Services of a namespace, there are no others.
    program: bool = False
    #: How bad a rule's findings are, where that is not what the rule says: id to "error" or "warning".
    severities: Mapping[str, str] = field(default_factory=dict)
    #: Rules that do not apply here, to the reason: `host-conflict`, or `host-conflict Gateway shop/web` for one object.
    waivers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, object], spelled: Mapping[str, str] | None = None) -> Settings:
        """The settings from plain values, as configuration files and command lines hold them.

        Args:
            told: Values by the names above. Text is read: "true", "21", '{"rule": "reason"}'; None and "" are as if
                left out.
            spelled: How the person who set them writes a setting's name, where that is another.

        Raises:
            SettingError: a value is of another type, or makes no sense.
        """
        default = cls()
        given = {name: value for name, value in told.items() if value not in (None, "")}
        try:
            values: dict[str, Any] = {
                name: plain.read(name, value, like=getattr(default, name)) for name, value in given.items()
            }
            return cls(**values)
        except SettingError as error:
            raise error.spelled(spelled or {}) from None

    def __post_init__(self) -> None:
        try:
            releases.release(self.istio_version)
        except ValueError as error:
            raise SettingError("istio_version", str(error)) from None
        if not 0 <= self.expiry_days <= _LONGEST_DAYS:
            raise SettingError(
                "expiry_days", f"expiry_days is {self.expiry_days}; it must be from 0 to {_LONGEST_DAYS}"
            )
        for rule_id, reason in self.waivers.items():
            if not reason.strip():
                raise SettingError("waivers", f"the waiver of {rule_id} gives no reason")
            try:
                parts(rule_id)
            except ValueError as error:
                raise SettingError("waivers", str(error)) from None
        for rule_id, severity in self.severities.items():
            if severity not in _SEVERITIES:
                raise SettingError(
                    "severities", f"the severity of {rule_id} is {severity!r}; it must be error or warning"
                )
        for selector, namespace in self.gateway_namespaces.items():
            if not namespace:
                raise SettingError("gateway_namespaces", f"gateway_namespaces has no namespace for {selector!r}")
            if selector and not all("=" in label for label in selector.split(",")):
                raise SettingError(
                    "gateway_namespaces",
                    f"gateway_namespaces has {selector!r}; labels are written key=value, key=value",
                )
        for name, namespace in self._namespaces():
            if namespace and not is_dns_label(namespace):
                raise SettingError(
                    name, f"{name} has {namespace!r}, which is no namespace: lower-case letters, digits and - make one"
                )

    def _namespaces(self) -> Iterator[tuple[str, str]]:
        """Those that the settings name, each with the setting."""
        yield "namespace", self.namespace
        yield "root_namespace", self.root_namespace
        yield from (("gateway_namespaces", namespace) for namespace in self.gateway_namespaces.values())

    @property
    def release(self) -> releases.Release:
        """The release of Istio that runs, as numbers."""
        return releases.release(self.istio_version)

    def gateway_namespace(self, selector: Mapping[str, str]) -> str:
        """The namespace of the pods that a Gateway selects; empty when it was not told."""
        for labels, namespace in self.gateway_namespaces.items():
            pairs = (label.strip().partition("=") for label in labels.split(",") if label.strip())
            if all(selector.get(key) == value for key, _, value in pairs):
                return namespace
        return ""
