"""Istio ingress, its certificates and its workloads as Pulumi components.

What is exported is imported when it is first asked for: a stack with one component does not pay for the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import logs, review

logs.keep_keys_out()

if TYPE_CHECKING:
    from .credentials import SecretFormat
    from .httpbin_ingress import HttpbinIngress, HttpbinIngressArgs
    from .intermediate import IntermediateAuthority, IntermediateAuthorityArgs
    from .istio import Backend, IngressGateway, Route, TlsVersion
    from .kubernetes_ingress import Entry
    from .leaves import CertifiedKey, Issuer, KeyAlgorithm
    from .mutual_tls_gateway import Client, ClientVerification, MutualTlsGateway, MutualTlsGatewayArgs
    from .namespaces import restricted_namespace
    from .passthrough_nginx import PassthroughNginx, PassthroughNginxArgs
    from .pki import CertificateAuthority, CertificateAuthorityArgs
    from .revocation import Revocations
    from .rollover import Rollover
    from .runtime import tune_runtime
    from .tls_arguments import TlsGatewayArgs, TlsHost
    from .tls_gateway import TlsGateway
    from .workloads import Workload, WorkloadKind

__all__ = [
    "Backend",
    "CertificateAuthority",
    "CertificateAuthorityArgs",
    "CertifiedKey",
    "Client",
    "ClientVerification",
    "Entry",
    "HttpbinIngress",
    "HttpbinIngressArgs",
    "IngressGateway",
    "IntermediateAuthority",
    "IntermediateAuthorityArgs",
    "Issuer",
    "KeyAlgorithm",
    "MutualTlsGateway",
    "MutualTlsGatewayArgs",
    "PassthroughNginx",
    "PassthroughNginxArgs",
    "Revocations",
    "Rollover",
    "Route",
    "SecretFormat",
    "TlsGateway",
    "TlsGatewayArgs",
    "TlsHost",
    "TlsVersion",
    "Workload",
    "WorkloadKind",
    "restricted_namespace",
    "tune_runtime",
]

_HOMES = {
    "credentials": ("SecretFormat",),
    "httpbin_ingress": ("HttpbinIngress", "HttpbinIngressArgs"),
    "intermediate": ("IntermediateAuthority", "IntermediateAuthorityArgs"),
    "istio": ("Backend", "IngressGateway", "Route", "TlsVersion"),
    "kubernetes_ingress": ("Entry",),
    "leaves": ("CertifiedKey", "Issuer", "KeyAlgorithm"),
    "mutual_tls_gateway": ("Client", "ClientVerification", "MutualTlsGateway", "MutualTlsGatewayArgs"),
    "namespaces": ("restricted_namespace",),
    "passthrough_nginx": ("PassthroughNginx", "PassthroughNginxArgs"),
    "pki": ("CertificateAuthority", "CertificateAuthorityArgs"),
    "revocation": ("Revocations",),
    "rollover": ("Rollover",),
    "runtime": ("tune_runtime",),
    "tls_arguments": ("TlsGatewayArgs", "TlsHost"),
    "tls_gateway": ("TlsGateway",),
    "workloads": ("Workload", "WorkloadKind"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


review.watch()  # so that what a program declares beside the components is seen as well
