"""The objects of a cluster, asked for once, each kind on its own: one that is denied leaves the others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from doctor import tools
from doctor.errors import DoctorError, NotAskedError

Manifest = Mapping[str, Any]

# In full, because other APIs have a kind `Gateway` too.
KINDS = {
    "Gateway": "gateways.networking.istio.io",
    "VirtualService": "virtualservices.networking.istio.io",
    "DestinationRule": "destinationrules.networking.istio.io",
    "ServiceEntry": "serviceentries.networking.istio.io",
    "Service": "services",
    "Pod": "pods",
    "Deployment": "deployments.apps",
    "EndpointSlice": "endpointslices.discovery.k8s.io",
    "Ingress": "ingresses.networking.k8s.io",
    "IngressClass": "ingressclasses.networking.k8s.io",
}
SECRET = "Secret"  # noqa: S105 - the kind
_NAMES_AT_ONCE = 10
_ANSWERS_WITHIN = "--request-timeout=10s"
_ONLY_IN_NAMESPACES = frozenset(KINDS) - {"IngressClass"}


@dataclass(frozen=True)
class Cluster:
    """What was asked of the API server, and what it answered or why it did not."""

    server: str | DoctorError
    """Its version and address."""
    objects: Mapping[str, Sequence[Manifest] | DoctorError]
    is_whole: bool = True
    """Whether every namespace was asked for."""

    def of(self, kind: str) -> list[Manifest]:
        """The objects of a kind.

        Raises:
            DoctorError: they could not be asked for.
        """
        found = self.objects.get(kind, NotAskedError(f"no {kind} was asked for"))
        if isinstance(found, DoctorError):
            raise found
        return list(found)

    def seen(self, kind: str) -> list[Manifest]:
        """The objects of a kind as far as they could be asked for."""
        found = self.objects.get(kind, [])
        return [] if isinstance(found, DoctorError) else list(found)

    def find(self, kind: str, namespace: str, name: str) -> Manifest | None:
        """One object.

        Raises:
            DoctorError: the kind could not be asked for.
        """
        named = (one for one in self.of(kind) if name_of(one) == (namespace, name))
        return next(named, None)

    @property
    def denied(self) -> list[str]:
        """The kinds that could not be asked for."""
        return [kind for kind, found in self.objects.items() if isinstance(found, DoctorError)]

    def has_everything(self) -> bool:
        """Whether what is not here does not exist."""
        return self.is_whole and not self.denied

    def with_secrets(self, found: Sequence[Manifest] | DoctorError) -> Cluster:
        """The same with the Secrets that turned out to be needed."""
        return replace(self, objects={**self.objects, SECRET: found})


def name_of(manifest: Manifest) -> tuple[str, str]:
    """Namespace and name."""
    return manifest["metadata"].get("namespace", ""), manifest["metadata"]["name"]


def ask(namespaces: Sequence[str] = ()) -> Cluster:
    """Ask for everything but Secrets: in these namespaces, or in all.

    Raises nothing: what could not be asked is in the answer.
    """
    try:
        server = _server()
    except DoctorError as error:
        unasked = NotAskedError("the cluster does not answer")
        return Cluster(error, dict.fromkeys(KINDS, unasked))
    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        found = pool.map(lambda kind: _objects(kind, namespaces), KINDS)
        return Cluster(server, dict(zip(KINDS, found, strict=True)), is_whole=not namespaces)


def secrets(namespace: str, names: Sequence[str]) -> list[Manifest]:
    """These Secrets of a namespace, as far as they exist; no other is read.

    Raises:
        DoctorError: they were denied.
    """
    # kubectl asks for one after the other, and after some ten of them ever more slowly.
    some = [names[start : start + _NAMES_AT_ONCE] for start in range(0, len(names), _NAMES_AT_ONCE)]
    options = ("--namespace", namespace, "--ignore-not-found", _ANSWERS_WITHIN)
    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
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
        DoctorError: the question itself was denied.
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
    return bool(json.loads(answer)["status"].get("allowed"))


def _server() -> str:
    version = json.loads(tools.ask("kubectl", "get", "--raw", "/version", "--request-timeout=5s"))
    try:
        config = tools.kubectl_json("config", "view", "--minify")
        address = config["clusters"][0]["cluster"]["server"]
    except (DoctorError, LookupError, TypeError):
        address = "the default address"  # as inside a pod
    return f"Kubernetes {version.get('gitVersion')} at {address}"


def _objects(kind: str, namespaces: Sequence[str]) -> list[Manifest] | DoctorError:
    scopes = [["--namespace", namespace] for namespace in namespaces if kind in _ONLY_IN_NAMESPACES]
    found: dict[tuple[str, str], Manifest] = {}
    try:
        for scope in scopes or [["--all-namespaces"]]:
            for one in tools.kubectl_items(KINDS[kind], *scope, _ANSWERS_WITHIN):
                found[name_of(one)] = one
    except DoctorError as error:
        return error
    return list(found.values())
