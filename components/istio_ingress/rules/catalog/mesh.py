"""Rules about VirtualServices inside the mesh."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.catalog.examples import OTHER_VIRTUAL_SERVICE, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.hosts import full_name, wildcards_over
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.routing import MESH, VirtualService
from istio_ingress.rules.values import MalformedError, UnknownValueError

_ROUTE = """
  hosts: [cart]
  http: [{route: [{destination: {host: cart}}]}]
"""


@rule(
    Index,
    "virtualservice-mesh-host-repeated",
    Severity.ERROR,
    source="istio pkg/config/analysis IST0109 ConflictingMeshGatewayVirtualServiceHosts",
    example=Example.fixed(
        f"{VIRTUAL_SERVICE}{_ROUTE}---\n{OTHER_VIRTUAL_SERVICE}{_ROUTE}",
        (f"{OTHER_VIRTUAL_SERVICE}\n  hosts: [cart]", f"{OTHER_VIRTUAL_SERVICE}\n  hosts: [site]"),
    ),
)
def virtualservice_mesh_host_repeated(index: Index, _: Index) -> Iterator[Problem]:
    """Inside the mesh VirtualServices are not joined: of two for one host that a namespace sees, one is lost."""
    exported: dict[str, VirtualService] = {}
    below: dict[str, VirtualService] = {}
    private: dict[tuple[str, str], VirtualService] = {}
    bound = [(service, *what) for service in index.virtual_services.items for what in _mesh_hosts(service, index)]
    for service, scope, host in sorted(bound, key=lambda one: one[1] != "*"):
        if scope == "*":
            first = exported.setdefault(host, service)
            for wildcard in wildcards_over(host):
                below.setdefault(wildcard, service)
        else:
            first = private.setdefault((scope, host), service)
            if first is service:
                names = (host, *wildcards_over(host))
                first = next((exported[name] for name in names if name in exported), below.get(host, service))
        if first is not service:
            written = host.removesuffix(f"..svc.{index.settings.cluster_domain}")  # where no namespace is known
            yield Problem(
                service,
                "spec.hosts",
                f"The host {written!r} is in {first} too, and both are bound to the mesh: which counts is not defined.",
                "Put the routes of a host into one VirtualService, or export each to namespaces of its own.",
            )


def _mesh_hosts(service: VirtualService, index: Index) -> list[tuple[str, str]]:
    """The namespaces that see the VirtualService inside the mesh (`*` is all), with each of its hosts."""
    try:
        if MESH not in service.gateways:
            return []
        exports = service.spec.texts("exportTo") or ["*"]
        scopes = ["*"] if "*" in exports else [service.namespace if one == "." else one for one in exports]
        names = [full_name(host, service.namespace, index.settings.cluster_domain) for host in service.hosts]
        return [(scope, host) for scope in scopes for host in dict.fromkeys(names)]
    except (UnknownValueError, MalformedError):
        return []
