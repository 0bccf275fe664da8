"""The objects of a cluster, asked for once, each kind on its own: one that is denied leaves the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from istio_ingress.live import tools
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.rules import kinds
from istio_ingress.rules.names import is_dns_subdomain
from istio_ingress.topology.manifests import Manifest, name_of

# What the checks and the map look at besides what the rules read.
_OWN = {
    "Deployment": "deployments.apps",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "Ingress": "ingresses.networking.k8s.io",
    "IngressClass": "ingressclasses.networking.k8s.io",
}
SECRET = "Secret"  # noqa: S105 - the kind
_NAMES_AT_ONCE = 10
_SIDE_BY_SIDE = 10
_ANSWERS_WITHIN = "--request-timeout=10s"
_OF_NO_NAMESPACE = frozenset({"IngressClass"})


@dataclass(frozen=True)
class Cluster:
    """What was asked of the API server, and what it answered or why it did not."""

    server: str | LiveError
    """Its version and address."""
    objects: Mapping[str, Sequence[Manifest] | LiveError]
    namespaces: frozenset[str] = frozenset()
    """Those that were asked about; every one where it is empty."""

    @property
    def is_whole(self) -> bool:
        """Whether every namespace was asked for."""
        return not self.namespaces

    @staticmethod
    def group_of(kind: str) -> str:
        """The API group of a kind that is asked for; empty for Kubernetes' core."""
        return asked_kinds().get(kind, "").partition(".")[2]

    def of(self, kind: str) -> list[Manifest]:
        """The objects of a kind.

        Raises:
            LiveError: they could not be asked for.
        """
        found = self.objects.get(kind, NotAskedError(f"no {kind} was asked for"))
        if isinstance(found, LiveError):
            raise found
        return list(found)

    def seen(self, kind: str) -> list[Manifest]:
        """The objects of a kind as far as they could be asked for."""
        return list(self.told(kind) or [])

    def told(self, kind: str) -> Sequence[Manifest] | None:
        """The same; None where they could not be asked for."""
        found = self.objects.get(kind, [])
        return None if isinstance(found, LiveError) else found

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """One object.

        Raises:
            LiveError: the kind could not be asked for.
        """
        named = (one for one in self.of(kind) if name_of(one) == (namespace, name))
        return next(named, None)

    @property
    def denied(self) -> list[str]:
        """The kinds that could not be asked for."""
        return [kind for kind, found in self.objects.items() if isinstance(found, LiveError)]

    def has_everything(self) -> bool:
        """Whether what is not here does not exist."""
        return self.is_whole and not self.denied

    def with_secrets(self, found: Sequence[Manifest] | LiveError) -> Cluster:
        """The same with the Secrets that turned out to be needed."""
        return replace(self, objects={**self.objects, SECRET: found})


def asked_kinds() -> dict[str, str]:
    """The kinds that a cluster is asked for, and what kubectl calls each; of Secrets only those that Gateways name are.

    Raises:
        ValueError: two that rules read share a name, by which the doctor tells them apart.
    """
    named = {kind.name: kind.kubectl for kind in kinds.in_a_cluster()}
    if len(named) < len(list(kinds.in_a_cluster())):
        raise ValueError("two kinds in rules/kinds.py share a name; the doctor keeps what it is told by that")
    return {kind: resource for kind, resource in {**named, **_OWN}.items() if kind != SECRET}


def ask(namespaces: Sequence[str] = ()) -> Cluster:
    """Ask for everything but Secrets: in these namespaces, or in all.

    Raises nothing: what could not be asked is in the answer.
    """
    wanted = asked_kinds()
    try:
        server = _server()
    except LiveError as error:
        unasked = NotAskedError("the cluster does not answer")
        return Cluster(error, dict.fromkeys(wanted, unasked))
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        found = pool.map(lambda kind: _objects(wanted[kind], [] if kind in _OF_NO_NAMESPACE else namespaces), wanted)
        return Cluster(server, dict(zip(wanted, found, strict=True)), frozenset(namespaces))


def secrets(namespace: str, names: Sequence[str]) -> list[Manifest]:
    """These Secrets of a namespace, as far as they exist; no other is read.

    Args:
        namespace: Theirs.
        names: Of Secrets, or whatever stands where such a name is wanted, `configmap://team/bundle` among them.

    Raises:
        LiveError: they were denied.
    """
    names = [name for name in names if is_dns_subdomain(name)]
    # kubectl asks for one after the other, and after some ten of them ever more slowly.
    some = [names[start : start + _NAMES_AT_ONCE] for start in range(0, len(names), _NAMES_AT_ONCE)]
    options = ("--namespace", namespace, "--ignore-not-found", _ANSWERS_WITHIN)
    with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as pool:
        found = pool.map(lambda wanted: tools.kubectl_items("secrets", *wanted, *options), some)
        return [secret for secrets in found for secret in secrets]


def namespaces_of_secrets(names: Sequence[str]) -> dict[str, list[str]]:
    """The namespaces that have Secrets of these names; their contents stay in the cluster."""
    if not names:
        return {}
    # Without --output the API server sends a table of names, types and ages.
    lines = tools.ask("kubectl", "get", "secrets", "--all-namespaces", "--no-headers", _ANSWERS_WITHIN).splitlines()
    found: dict[str, list[str]] = {}
    for line in lines:
        namespace, name, *_ = line.split()
        if name in names:
            found.setdefault(name, []).append(namespace)
    return found


def may_list_secrets(namespace: str, account: str) -> bool:
    """Whether a service account may list the Secrets of its namespace, which istiod asks before it serves them to it.

    Raises:
        LiveError: the question itself was denied.
    """
    attributes = {"namespace": namespace, "verb": "list", "resource": "secrets"}
    user = f"system:serviceaccount:{namespace}:{account}"
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"]
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "groups": groups, "resourceAttributes": attributes},
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = tools.ask("kubectl", "create", "--raw", path, "--filename=-", stdin=json.dumps(review))
    return bool(tools.read_object(answer).get("status", {}).get("allowed"))


def _server() -> str:
    version = tools.read_object(tools.ask("kubectl", "get", "--raw", "/version", "--request-timeout=5s"))
    try:
        config = tools.kubectl_json("config", "view", "--minify")
        address = config["clusters"][0]["cluster"]["server"]
    except (LiveError, LookupError, TypeError):
        address = "the default address"  # as inside a pod
    return f"Kubernetes {version.get('gitVersion')} at {address}"


def _objects(resource: str, namespaces: Sequence[str]) -> list[Manifest] | LiveError:
    """What kubectl calls `resource`: in these namespaces, or in all."""
    scopes = [["--namespace", namespace] for namespace in namespaces] or [["--all-namespaces"]]
    found: dict[tuple[str, str], Manifest] = {}
    try:
        for scope in scopes:
            for one in tools.kubectl_items(resource, *scope, _ANSWERS_WITHIN):
                found[name_of(one)] = one
    except LiveError as error:
        return error
    return list(found.values())
