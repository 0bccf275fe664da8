"""DestinationRules: how a Service is spoken to."""

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import pulumi

from ..arguments.backend_complaints import tls_mode
from ..arguments.backend_policies import (
    BackendPolicy,
    BackendProtocol,
    BackendTls,
    LoadBalancer,
    PortPolicy,
    ProxyProtocol,
    Subset,
)
from .istio import networking_object
from .objects import Manifest, metadata, options

_UPGRADE = {
    BackendProtocol.HTTP1: "DO_NOT_UPGRADE",
    BackendProtocol.HTTP2: "UPGRADE",
    BackendProtocol.GRPC: "UPGRADE",
}
_TLS = ("sni", "subject_alt_names", "insecure_skip_verify")


def declare(
    name: str, object_name: str, spec: Manifest, *, parent: pulumi.Resource, namespace: pulumi.Input[str]
) -> None:
    """Declare a DestinationRule."""
    networking_object(name, "DestinationRule", metadata(namespace, object_name), spec, options(parent))


def traffic_policy(
    policy: BackendPolicy,
    credential: pulumi.Input[str] | None,
    ports: Sequence[tuple[PortPolicy, pulumi.Input[str] | None]] = (),
    proxy_protocol: ProxyProtocol | None = None,
) -> Manifest:
    """How a Service is spoken to, and those of its ports that are spoken to otherwise; empty where nothing is said.

    Args:
        policy: for all other ports.
        credential: the name of the Secret that its TLS needs.
        ports: the ports, each with its Secret.
        proxy_protocol: begins every connection.
    """
    made = _policy(policy, credential)
    if ports:
        made["portLevelSettings"] = [
            {"port": {"number": port["port"]}, **_policy(port, secret)} for port, secret in ports
        ]
    if proxy_protocol:
        made["proxyProtocol"] = {"version": proxy_protocol.value}
    return made


def subset(name: str, told: Subset) -> Manifest:
    """Some of a Service's pods, by name."""
    policy = _policy(told, None)
    return {"name": name, "labels": dict(told["labels"])} | ({"trafficPolicy": policy} if policy else {})


def _policy(told: Mapping[str, Any], credential: pulumi.Input[str] | None) -> Manifest:
    made: Manifest = {}
    if "load_balancer" in told:
        made["loadBalancer"] = _load_balancer(told["load_balancer"])
    pool: Manifest = _spelled(told.get("connection_pool", {}))
    if "protocol" in told:
        upgrade = {"h2UpgradePolicy": _UPGRADE[BackendProtocol(told["protocol"])]}
        pool["http"] = pool.get("http", {}) | upgrade
    if pool:
        made["connectionPool"] = pool
    if "outlier_detection" in told:
        made["outlierDetection"] = _spelled(told["outlier_detection"])
    if "tls" in told:
        made["tls"] = _tls(told["tls"], credential)
    return made


def _load_balancer(balancer: LoadBalancer) -> Manifest:
    made: Manifest = _spelled(balancer)
    cookie = made.get("consistentHash", {}).get("httpCookie")
    if cookie is not None:
        cookie.setdefault("ttl", "0s")  # without one the gateway makes no cookie
    return made


def _tls(tls: BackendTls, credential: pulumi.Input[str] | None) -> Manifest:
    made: Manifest = {"mode": tls_mode(tls).value, **_spelled({key: tls[key] for key in _TLS if key in tls})}  # type: ignore[literal-required]
    return made if credential is None else made | {"credentialName": credential}


def _spelled(told: Any) -> Any:
    """The arguments as Istio spells their names."""
    if isinstance(told, Enum):
        return told.value
    if isinstance(told, Mapping):
        return {re.sub("_([a-z0-9])", lambda found: found[1].upper(), key): _spelled(one) for key, one in told.items()}
    return told
