"""Whether there is a cluster, Istio in it, and a stack."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown, warning
from istio_ingress.live.errors import LiveError
from istio_ingress.rules.words import some
from istio_ingress.topology.backends import is_ready, why_not_ready
from istio_ingress.topology.manifests import Manifest, name_of

_ISTIOD = ("app", "istiod")
_MEANWHILE = "gateways keep what they have and get no change"
_NO_SUCH_KIND = "doesn't have a resource type"


def cluster(facts: Facts) -> Iterator[Line]:
    """The API server answers."""
    if isinstance(facts.cluster.server, LiveError):
        yield unknown("API server", str(facts.cluster.server), "kubectl config current-context; kubectl cluster-info")
    else:
        yield ok("API server", facts.cluster.server)


def istio(facts: Facts) -> Iterator[Line]:
    """Istio's kinds exist, and istiod is there to turn them into configuration."""
    gateways = facts.cluster.objects["Gateway"]
    if isinstance(gateways, LiveError) and _NO_SUCH_KIND in str(gateways):
        yield failed("kinds", "the cluster has no Gateways of networking.istio.io", "Install Istio: istioctl install")
        return
    facts.cluster.of("Gateway")
    pods = [pod for pod in facts.cluster.of("Pod") if _is_istiod(pod["metadata"])]
    deployments = [one for one in facts.cluster.seen("Deployment") if _is_istiod(one["metadata"])]
    ready = [pod for pod in pods if is_ready(pod)]
    namespace, name = name_of(deployments[0]) if deployments else (name_of(pods[0]) if pods else ("", ""))
    if ready:
        image = ready[0]["spec"]["containers"][0]["image"]
        seen = f"{len(ready)} of {len(pods)} pods ready in {namespace}, image {image}"
        step = f"kubectl get pods -n {namespace} -l app=istiod"
        yield ok("istiod", seen) if len(ready) == len(pods) else warning("istiod", seen, step)
    elif pods:
        reasons = "; ".join(f"{name_of(pod)[1]}: {why_not_ready(pod)}" for pod in pods[:3])
        yield failed(
            "istiod",
            f"none of its {len(pods)} pods is ready ({reasons}); {_MEANWHILE}",
            f"kubectl describe pods -n {namespace} -l app=istiod",
        )
    elif deployments:
        wanted = deployments[0]["spec"].get("replicas", 1)
        yield failed(
            "istiod",
            f"Deployment {namespace}/{name} has no pod ({wanted} wanted); {_MEANWHILE}",
            f"kubectl scale deployment -n {namespace} {name} --replicas=1"
            if wanted == 0
            else f"kubectl describe deployment -n {namespace} {name}",
        )
    elif not facts.cluster.is_whole:
        yield unknown("istiod", "it is in none of the namespaces that were named", "Add --namespace istio-system.")
    else:
        seen = "no pod is labelled app=istiod; that is right only where istiod runs in another cluster"
        yield warning("istiod", seen, "kubectl get pods -A -l app=istiod; istioctl version")


def stack(facts: Facts) -> Iterator[Line]:
    """The stack's outputs can be read and name hosts."""
    if not facts.has_stack:
        return
    if isinstance(facts.outputs, LiveError):
        step = "pulumi stack select NAME, or name a gateway with --gateway to look at the cluster only"
        yield unknown("outputs", str(facts.outputs), step)
        return
    named = f"gateway {facts.gateway}"
    hosts = {purpose: names for purpose, names in facts.hosts.items() if names}
    if hosts:
        seen = "; ".join(f"{purpose}: {some(names)}" for purpose, names in hosts.items())
        yield ok("outputs", f"{seen}; {named}")
    else:
        yield ok("outputs", f"the stack exports no `hosts`, so only what holds for every host is asked; {named}")


def _is_istiod(metadata: Manifest) -> bool:
    key, value = _ISTIOD
    return bool((metadata.get("labels") or {}).get(key) == value)
