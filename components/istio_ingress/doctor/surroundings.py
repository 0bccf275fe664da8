"""The objects around a route that may be the reason for an answer, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from istio_ingress.doctor.probes import Probe, Target
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.rules.defaults import ROOT_NAMESPACE
from istio_ingress.rules.finding import Finding
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import DestinationRule, Service
from istio_ingress.rules.values import known
from istio_ingress.topology import Backend
from istio_ingress.topology.manifests import name_of
from istio_ingress.walk import Request, paths, policies
from istio_ingress.walk.gateways import GatewayPods

_ASKS_WHO = ("from", "when")
_BY_TOKEN = ("requestPrincipals", "notRequestPrincipals")


class Surroundings:
    """Looks them up."""

    def __init__(self, facts: ClusterFacts) -> None:
        self._facts = facts
        entries = facts.topology.entries
        found = (backend for entry in entries for route in entry.routes for backend in route.backends)
        self._backends = {(backend.name, backend.port): backend for backend in found}

    def backends(self, probe: Probe) -> list[Backend]:
        """The Services that the route leads to, with their pods."""
        named = [(self.named(target), str(target.port or "")) for target in probe.targets]
        found = (
            backend
            for name, port in dict.fromkeys(named)
            for (other, number), backend in self._backends.items()
            if other == name and port in ("", number)
        )
        return list(dict.fromkeys(found))

    def leads_to(self, probe: Probe) -> str:
        """Where the route leads: `Service shop/cart port 80, subset v2`."""
        words = []
        for target in probe.targets:
            port = f" port {target.port}" if target.port else ""
            words.append(f"{self.named(target)}{port}" + (f", subset {target.subset}" if target.subset else ""))
        return " or ".join(dict.fromkeys(words)) or "the backend"

    def services(self, probe: Probe) -> str:
        """The same without ports."""
        return " or ".join(dict.fromkeys(map(self.named, probe.targets))) or "the backend"

    def named(self, target: Target) -> str:
        """`Service shop/cart`, or the host of something else."""
        domain = f".svc.{self._facts.settings.cluster_domain}"
        name, _, namespace = target.host.removesuffix(domain).partition(".")
        return f"Service {namespace}/{name}" if target.host.endswith(domain) else target.host

    def destination_rules(self, probe: Probe) -> list[DestinationRule]:
        """Those that say how the gateway speaks to where the route leads."""
        index = self._facts.index
        return list(
            dict.fromkeys(
                rule
                for target in probe.targets
                for rule in known(index.destination_rules_for, target.host, target.namespace) or []
            )
        )

    def findings(self, probe: Probe) -> list[Finding]:
        """What the rules say of the route, its delegate, and how the gateway speaks to where it leads."""
        parts = [("VirtualService", *part) for part in probe.parts]
        parts += [("VirtualService", *part[:2], "spec.exportTo") for part in probe.parts]
        parts += [(rule.kind, *rule.labelled(), "") for rule in self.destination_rules(probe)]
        return [one for one in self._facts.findings if not one.waived and any(_is_about(one, part) for part in parts)]

    def gateway_policies(self, kind: str) -> list[Resource]:
        """The objects of a kind of security.istio.io that decide for the gateway's pods."""
        pods = self._facts.pods
        labels = pods[0]["metadata"].get("labels") or {} if pods else {}
        return list(self._selecting(kind, self._facts.gateway.namespace, labels))

    def refusing(self, request: Request) -> list[Resource]:
        """The AuthorizationPolicies for the gateway's pods that can be the reason why it refuses a request."""
        found = self.gateway_policies("AuthorizationPolicy")
        gateway = self._facts.gateway.namespace
        port = GatewayPods(gateway, {}, (Service(self._facts.service, gateway),)).enters(request.port)
        as_seen = replace(request, path=paths.normalised(request.path))
        some = known(policies.suspects, found, as_seen, port)
        return found if some is None else some

    def backend_policies(self, probe: Probe) -> list[Resource]:
        """The AuthorizationPolicies that decide for the pods that the route leads to."""
        found: dict[str, Resource] = {}
        for backend in self.backends(probe):
            names = {pod.name for pod in backend.pods}
            for pod in self._facts.cluster.seen("Pod"):
                namespace, name = name_of(pod)
                if name in names:
                    labels = pod["metadata"].get("labels") or {}
                    found |= {str(one): one for one in self._selecting("AuthorizationPolicy", namespace, labels)}
        return list(found.values())

    def _selecting(self, kind: str, namespace: str, labels: Mapping[str, str]) -> Iterator[Resource]:
        for manifest in self._facts.cluster.seen(kind):
            spec = manifest.get("spec") or {}
            wanted = (spec.get("selector") or {}).get("matchLabels") or {}
            is_near = name_of(manifest)[0] in (namespace, ROOT_NAMESPACE)
            if is_near and not {"targetRef", "targetRefs"} & spec.keys() and wanted.items() <= labels.items():
                found = Resource(manifest, namespace)
                if kind != "AuthorizationPolicy" or policies.is_enforced(found):
                    yield found


def _is_about(finding: Finding, part: tuple[str, str, str, str]) -> bool:
    *object_, path = part
    is_below = not path or finding.path == path or finding.path.startswith((f"{path}.", f"{path}["))
    return [finding.kind, finding.namespace, finding.name] == object_ and is_below


def asks_who(policy: Resource) -> bool:
    """Whether an AuthorizationPolicy decides by who asks, or from where, and not by the request alone."""
    return policy.spec.value.get("action") == "CUSTOM" or any(
        key in rule for rule in _rules(policy) for key in _ASKS_WHO
    )


def asks_for_token(policy: Resource) -> bool:
    """Whether an AuthorizationPolicy decides by what a token says."""
    return any(
        any(key in (one.get("source") or {}) for one in rule.get("from") or () for key in _BY_TOKEN)
        or any(str(one.get("key")).startswith("request.auth.") for one in rule.get("when") or ())
        for rule in _rules(policy)
    )


def _rules(policy: Resource) -> list[Mapping[str, Any]]:
    found = policy.spec.value.get("rules")
    return found if isinstance(found, list) else []
