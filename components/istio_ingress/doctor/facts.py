"""Everything that the checks read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from istio_ingress.doctor.asking import Asked
from istio_ingress.live.certificates import Chain
from istio_ingress.live.declared import Declared
from istio_ingress.live.envoy import Envoy
from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.requests.sending import Result
from istio_ingress.topology.manifests import Manifest


@dataclass(frozen=True)
class Answers:
    """What was asked of the gateway's routes, and what came back."""

    asked: Sequence[Asked] = ()
    left_out: int = 0
    """How many more requests there are for, which were not sent."""


@dataclass(eq=False)
class Facts(ClusterFacts):
    """The cluster and the stack, what Envoy was given, and what clients get. What could not be asked is an error."""

    declared: Sequence[Declared] | LiveError = ()
    """The Kubernetes objects that the stack's state holds."""
    stray_secrets: Mapping[str, Sequence[str]] | LiveError = field(default_factory=dict)
    """Names of Secrets that are missing where they are read, to the namespaces that do have one."""
    config_maps: Mapping[tuple[str, str], Manifest | LiveError | None] = field(default_factory=dict)
    """Those that servers name for the CA of their clients, by namespace and name; None where there is none."""
    may_read_secrets: bool | LiveError = True
    """Whether the gateway's service account may."""
    envoys: Mapping[str, Envoy | LiveError] = field(default_factory=dict)
    """By pod."""
    shown: Mapping[tuple[str, int], Chain | LiveError] | LiveError = field(default_factory=dict)
    """The certificates that were shown, by host and the Gateway's port."""
    results: Sequence[Result] | LiveError = field(default_factory=list)
    """The requests of which objects say what must come, and their answers."""
    unasked: Sequence[str] = ()
    """Of those that could not be sent, a sentence each."""
    answers: Answers | LiveError = field(default_factory=Answers)
    """To a harmless request for each host and route."""

    @classmethod
    def of(cls, found: ClusterFacts) -> Facts:
        """The cluster and the stack, of which nothing more has been asked yet."""
        return cls(**{one.name: getattr(found, one.name) for one in fields(found)})
