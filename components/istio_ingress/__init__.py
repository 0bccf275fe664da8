"""Istio ingress, its certificates and its workloads as Pulumi components.

What is exported is imported when it is first asked for: a stack with one component does not pay for the others, and
`istio_ingress.rules` works where Pulumi is not installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .arguments.additions import ApiVersion
    from .arguments.backend_policies import (
        BackendPolicy,
        BackendProtocol,
        BackendTls,
        BackendTlsMode,
        ConnectionPool,
        ConsistentHash,
        HashCookie,
        HttpPool,
        LoadBalancer,
        LoadBalancing,
        OutlierDetection,
        PortPolicy,
        ProxyProtocol,
        Subset,
        TcpPool,
        Warmup,
    )
    from .arguments.connections import PassthroughHost, TcpPort, TcpTls
    from .arguments.expectations import ConnectionExpectation, Expectation, HttpVersion, Refusal
    from .arguments.gateway import IngressGateway, TlsVersion
    from .arguments.hosts import TlsHost
    from .arguments.route_actions import (
        Delegate,
        DirectResponse,
        Mirror,
        Redirect,
        RedirectPort,
        RedirectScheme,
        Rewrite,
    )
    from .arguments.route_policies import (
        Cors,
        Fault,
        FaultAbort,
        FaultDelay,
        HeaderChanges,
        Retries,
        UnmatchedPreflights,
    )
    from .arguments.routed_hosts import RoutedHost
    from .arguments.routes import Backend, Route, WeightedBackend
    from .arguments.secret_format import SecretFormat
    from .arguments.shared_gateway import SharedGateway
    from .arguments.text_match import TextMatch
    from .arguments.tls import TlsGatewayArgs
    from .arguments.workload import Workload, WorkloadKind
    from .certificate_authority import CertificateAuthority, CertificateAuthorityArgs
    from .delegate_routes import DelegateRoutes, DelegateRoutesArgs
    from .host_routes import HostRoutes, HostRoutesArgs
    from .http_gateway import HttpGateway, HttpGatewayArgs
    from .httpbin_ingress import HttpbinIngress, HttpbinIngressArgs
    from .intermediate_authority import IntermediateAuthority, IntermediateAuthorityArgs
    from .manifests.kubernetes_ingress import Entry
    from .manifests.namespaces import restricted_namespace
    from .mutual_tls_gateway import (
        Client,
        ClientVerification,
        ExtendedKeyUsage,
        MutualTlsGateway,
        MutualTlsGatewayArgs,
    )
    from .passthrough_nginx import PassthroughNginx, PassthroughNginxArgs
    from .pki.issuing import CertifiedKey, Issuer, Subject
    from .pki.keys import KeyAlgorithm
    from .pki.revocation import Revocations
    from .pki.rollover import Rollover
    from .preview.review import watch
    from .sdk.runtime import tune_runtime
    from .service_backend import BackendScope, ServiceBackend, ServiceBackendArgs
    from .tcp_gateway import TcpGateway, TcpGatewayArgs
    from .tls_gateway import TlsGateway
    from .tls_passthrough import TlsPassthrough, TlsPassthroughArgs

__all__ = [
    "ApiVersion",
    "Backend",
    "BackendPolicy",
    "BackendProtocol",
    "BackendScope",
    "BackendTls",
    "BackendTlsMode",
    "CertificateAuthority",
    "CertificateAuthorityArgs",
    "CertifiedKey",
    "Client",
    "ClientVerification",
    "ConnectionExpectation",
    "ConnectionPool",
    "ConsistentHash",
    "Cors",
    "Delegate",
    "DelegateRoutes",
    "DelegateRoutesArgs",
    "DirectResponse",
    "Entry",
    "Expectation",
    "ExtendedKeyUsage",
    "Fault",
    "FaultAbort",
    "FaultDelay",
    "HashCookie",
    "HeaderChanges",
    "HostRoutes",
    "HostRoutesArgs",
    "HttpGateway",
    "HttpGatewayArgs",
    "HttpPool",
    "HttpVersion",
    "HttpbinIngress",
    "HttpbinIngressArgs",
    "IngressGateway",
    "IntermediateAuthority",
    "IntermediateAuthorityArgs",
    "Issuer",
    "KeyAlgorithm",
    "LoadBalancer",
    "LoadBalancing",
    "Mirror",
    "MutualTlsGateway",
    "MutualTlsGatewayArgs",
    "OutlierDetection",
    "PassthroughHost",
    "PassthroughNginx",
    "PassthroughNginxArgs",
    "PortPolicy",
    "ProxyProtocol",
    "Redirect",
    "RedirectPort",
    "RedirectScheme",
    "Refusal",
    "Retries",
    "Revocations",
    "Rewrite",
    "Rollover",
    "Route",
    "RoutedHost",
    "SecretFormat",
    "ServiceBackend",
    "ServiceBackendArgs",
    "SharedGateway",
    "Subject",
    "Subset",
    "TcpGateway",
    "TcpGatewayArgs",
    "TcpPool",
    "TcpPort",
    "TcpTls",
    "TextMatch",
    "TlsGateway",
    "TlsGatewayArgs",
    "TlsHost",
    "TlsPassthrough",
    "TlsPassthroughArgs",
    "TlsVersion",
    "UnmatchedPreflights",
    "Warmup",
    "WeightedBackend",
    "Workload",
    "WorkloadKind",
    "restricted_namespace",
    "tune_runtime",
    "watch",
]

_HOMES = {
    "arguments.additions": ("ApiVersion",),
    "arguments.backend_policies": (
        "BackendPolicy",
        "BackendProtocol",
        "BackendTls",
        "BackendTlsMode",
        "ConnectionPool",
        "ConsistentHash",
        "HashCookie",
        "HttpPool",
        "LoadBalancer",
        "LoadBalancing",
        "OutlierDetection",
        "PortPolicy",
        "ProxyProtocol",
        "Subset",
        "TcpPool",
        "Warmup",
    ),
    "arguments.connections": ("PassthroughHost", "TcpPort", "TcpTls"),
    "arguments.expectations": ("ConnectionExpectation", "Expectation", "HttpVersion", "Refusal"),
    "arguments.gateway": ("IngressGateway", "TlsVersion"),
    "arguments.hosts": ("TlsHost",),
    "arguments.route_actions": (
        "Delegate",
        "DirectResponse",
        "Mirror",
        "Redirect",
        "RedirectPort",
        "RedirectScheme",
        "Rewrite",
    ),
    "arguments.route_policies": (
        "Cors",
        "Fault",
        "FaultAbort",
        "FaultDelay",
        "HeaderChanges",
        "Retries",
        "UnmatchedPreflights",
    ),
    "arguments.routed_hosts": ("RoutedHost",),
    "arguments.routes": ("Backend", "Route", "WeightedBackend"),
    "arguments.secret_format": ("SecretFormat",),
    "arguments.shared_gateway": ("SharedGateway",),
    "arguments.text_match": ("TextMatch",),
    "arguments.tls": ("TlsGatewayArgs",),
    "arguments.workload": ("Workload", "WorkloadKind"),
    "certificate_authority": ("CertificateAuthority", "CertificateAuthorityArgs"),
    "delegate_routes": ("DelegateRoutes", "DelegateRoutesArgs"),
    "host_routes": ("HostRoutes", "HostRoutesArgs"),
    "http_gateway": ("HttpGateway", "HttpGatewayArgs"),
    "httpbin_ingress": ("HttpbinIngress", "HttpbinIngressArgs"),
    "intermediate_authority": ("IntermediateAuthority", "IntermediateAuthorityArgs"),
    "manifests.kubernetes_ingress": ("Entry",),
    "manifests.namespaces": ("restricted_namespace",),
    "mutual_tls_gateway": (
        "Client",
        "ClientVerification",
        "ExtendedKeyUsage",
        "MutualTlsGateway",
        "MutualTlsGatewayArgs",
    ),
    "passthrough_nginx": ("PassthroughNginx", "PassthroughNginxArgs"),
    "pki.issuing": ("CertifiedKey", "Issuer", "Subject"),
    "pki.keys": ("KeyAlgorithm",),
    "pki.revocation": ("Revocations",),
    "pki.rollover": ("Rollover",),
    "preview.review": ("watch",),
    "sdk.runtime": ("tune_runtime",),
    "service_backend": ("BackendScope", "ServiceBackend", "ServiceBackendArgs"),
    "tcp_gateway": ("TcpGateway", "TcpGatewayArgs"),
    "tls_gateway": ("TlsGateway",),
    "tls_passthrough": ("TlsPassthrough", "TlsPassthroughArgs"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
