"""The kinds of objects that rules read: the one table that everything takes them from that gathers manifests.

A rule about another kind needs a row here. Then the preview hands it on (`preview/declared.py`), the doctor asks the
cluster for it (`live/cluster.py`), and docs/rules.md names it; `istio-ingress check` and the policy pack take
whatever they are given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from istio_ingress.rules.ingresses import Ingress, IngressClass
from istio_ingress.rules.makers import Certificate, ExternalSecret, Issuer, SealedSecret, VaultSecret
from istio_ingress.rules.resources import Gateway, GatewayApiGateway, Namespace, Resource, Workload
from istio_ingress.rules.routing import DestinationRule, Service, ServiceEntry, VirtualService
from istio_ingress.rules.schema.definitions import definitions, groups
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.security import AuthorizationPolicy, RequestAuthentication

ISTIO = "networking.istio.io"
_SECURITY = "security.istio.io"
_VAULT = "secrets.hashicorp.com"
#: A name that sed or a pipeline has yet to put in, `SVC_NAME`: no object can have it.
_TO_BE_FILLED = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


@dataclass(frozen=True)
class Kind:
    """A kind of Kubernetes objects, and what rules read of one."""

    group: str
    """Of its API; empty for the core's."""
    name: str
    """As manifests write it: `VirtualService`."""
    plural: str
    """As the API server's paths and kubectl write it: `virtualservices`."""
    resource: type[Resource]
    """What a manifest becomes for the rules."""
    fields: tuple[str, ...] = ("spec",)
    """The paths of what they read besides the metadata; a preview hands nothing else on."""
    makes_pods: bool = False
    """Whether it only announces Pods: a cluster is asked for those instead."""
    is_extra: bool = False
    """Whether a cluster need not have its API, or not everybody may list it: the doctor does not ask for it."""

    @property
    def kubectl(self) -> str:
        """In full, because another API may have the same: `services`, `gateways.networking.istio.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_POD_LABELS = ("spec.template.metadata",)

KINDS = (
    Kind(ISTIO, "Gateway", "gateways", Gateway),
    Kind(ISTIO, "VirtualService", "virtualservices", VirtualService),
    Kind(ISTIO, "DestinationRule", "destinationrules", DestinationRule),
    Kind(ISTIO, "ServiceEntry", "serviceentries", ServiceEntry),
    Kind("", "Service", "services", Service),
    Kind("", "Pod", "pods", Workload, fields=()),
    Kind("apps", "Deployment", "deployments", Workload, _POD_LABELS, makes_pods=True),
    Kind("apps", "DaemonSet", "daemonsets", Workload, _POD_LABELS, makes_pods=True),
    Kind("apps", "StatefulSet", "statefulsets", Workload, _POD_LABELS, makes_pods=True),
    Kind("apps", "ReplicaSet", "replicasets", Workload, _POD_LABELS, makes_pods=True),
    Kind("", "Secret", "secrets", Secret, ("data", "stringData", "type", "immutable")),
    Kind(_SECURITY, "RequestAuthentication", "requestauthentications", RequestAuthentication),
    Kind(_SECURITY, "AuthorizationPolicy", "authorizationpolicies", AuthorizationPolicy),
    Kind("networking.k8s.io", "Ingress", "ingresses", Ingress),
    Kind("extensions", "Ingress", "ingresses", Ingress, is_extra=True),
    Kind("networking.k8s.io", "IngressClass", "ingressclasses", IngressClass),
    Kind("", "Namespace", "namespaces", Namespace, fields=(), is_extra=True),
    Kind("gateway.networking.k8s.io", "Gateway", "gateways", GatewayApiGateway, is_extra=True),
    Kind("cert-manager.io", "Certificate", "certificates", Certificate, is_extra=True),
    Kind("cert-manager.io", "Issuer", "issuers", Issuer, ("spec.acme.solvers",), is_extra=True),
    Kind("cert-manager.io", "ClusterIssuer", "clusterissuers", Issuer, ("spec.acme.solvers",), is_extra=True),
    Kind("external-secrets.io", "ExternalSecret", "externalsecrets", ExternalSecret, ("spec.target",), is_extra=True),
    Kind("bitnami.com", "SealedSecret", "sealedsecrets", SealedSecret, ("spec.template.metadata",), is_extra=True),
    Kind(_VAULT, "VaultStaticSecret", "vaultstaticsecrets", VaultSecret, ("spec.destination",), is_extra=True),
    Kind(_VAULT, "VaultDynamicSecret", "vaultdynamicsecrets", VaultSecret, ("spec.destination",), is_extra=True),
    Kind(_VAULT, "VaultPKISecret", "vaultpkisecrets", VaultSecret, ("spec.destination",), is_extra=True),
)


def find(api_version: str, name: str) -> Kind | None:
    """The kind of a manifest by its `apiVersion`, whichever version that is, and `kind`; None if no rule reads it."""
    group = api_version.rpartition("/")[0]
    return next((kind for kind in KINDS if kind.name == name and kind.group == group), None)


def fields(api_version: str, name: str) -> tuple[str, ...]:
    """The paths of what rules read of a kind's manifests besides their metadata."""
    kind = find(api_version, name)
    if kind is None:  # some rules are about all objects of Istio
        return ("spec",) if api_version.rpartition("/")[0] in groups() else ()
    return kind.fields


def in_a_cluster() -> Iterator[Kind]:
    """The kinds to ask a cluster for."""
    return (kind for kind in KINDS if not kind.makes_pods and not kind.is_extra)


def not_read(manifests: Iterable[Mapping[str, object]]) -> dict[str, int]:
    """How many of the manifests no rule judges, by kind: `{"HTTPRoute": 2}`; Lists are opened.

    A kind that shares its name with one that is judged has its group: `Service.serving.knative.dev`.
    """
    return dict(sorted(Counter(filter(None, map(_unread_name, _opened(manifests)))).items()))


def flat(manifests: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    """The objects that manifests mean: those of Lists one by one, without patches and templates, which are none.

    Raises:
        TypeError: a manifest is not a mapping.
    """
    return (one for one in _opened(manifests) if (_is_typed(one) or is_half_typed(one)) and not _no_object(one))


def is_half_typed(manifest: Mapping[str, object]) -> bool:
    """Whether `apiVersion` or `kind` is missing of what without doubt would be an object that rules read."""
    api_version, name = manifest.get("apiVersion"), manifest.get("kind")
    if api_version is None:
        return any(kind.name == name for kind in KINDS) and "metadata" in manifest
    return name is None and str(api_version).startswith(f"{ISTIO}/")


def _opened(manifests: Iterable[Mapping[str, object]]) -> Iterator[Mapping[str, object]]:
    for manifest in manifests:
        if not isinstance(manifest, Mapping):
            raise TypeError(f"a manifest is a mapping, not {type(manifest).__name__}")
        items, kind = manifest.get("items"), manifest.get("kind")
        if isinstance(kind, str) and kind.endswith("List") and isinstance(items, list | tuple):
            yield from _opened(item for item in items if isinstance(item, Mapping))
        else:
            yield manifest


def _unread_name(manifest: Mapping[str, object]) -> str:
    """What a manifest is called that no rule reads; empty where one does."""
    if no_object := _no_object(manifest):
        return no_object
    if is_half_typed(manifest):
        return ""
    if not _is_typed(manifest):
        return "without apiVersion and kind"
    api_version, name = str(manifest["apiVersion"]), str(manifest["kind"])
    group = api_version.rpartition("/")[0]
    if find(api_version, name) or (group, name) in definitions():
        return ""
    return f"{name}.{group}" if group and any(kind.name == name for kind in KINDS) else name


def _is_typed(manifest: Mapping[str, object]) -> bool:
    return isinstance(manifest.get("apiVersion"), str) and isinstance(manifest.get("kind"), str)


def _no_object(manifest: Mapping[str, object]) -> str:
    """What a manifest is that no object is made of as it stands; empty where one is.

    A strategic merge patch of Kustomize leaves out what stands elsewhere; of a template nobody knows which of its
    words are put in.
    """
    spec, metadata = manifest.get("spec"), manifest.get("metadata")
    if "$patch" in manifest or (isinstance(spec, Mapping) and "$patch" in spec):
        return "patch"
    names = [metadata.get(key) for key in ("name", "namespace")] if isinstance(metadata, Mapping) else []
    return "template" if any(isinstance(name, str) and _TO_BE_FILLED.fullmatch(name) for name in names) else ""


def require(resource: type[Resource]) -> None:
    """Refuse a rule, or a look-up of one, about something that no manifest becomes.

    Raises:
        ValueError: no kind does.
    """
    if not any(issubclass(kind.resource, resource) for kind in KINDS):
        raise ValueError(f"rules read {resource.__name__}, but no kind in rules/kinds.py becomes one")
