"""What Envoy itself says that it was given: the gateway pod's config dump, asked for through the Kubernetes API."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from istio_ingress.live import tools
from istio_ingress.live.errors import LiveError

_SECRETS, _LISTENERS = "SecretsConfigDump", "ListenersConfigDump"
_PREFIX = "kubernetes://"


@dataclass(frozen=True)
class Envoy:
    """The part of a config dump that is about TLS. Envoy leaves keys out of it."""

    secrets: Mapping[str, bytes] = field(default_factory=dict)
    """Credential names to the certificates (PEM) that are in use."""
    warming: frozenset[str] = frozenset()
    """Credentials that Envoy asked for and still waits for."""
    names: frozenset[str] = frozenset()
    """The SNI names that its listeners tell apart."""
    refused: tuple[str, ...] = ()
    """Listeners that it refused, and why."""


def ask(namespace: str, pod: str) -> Envoy:
    """The Envoy of a gateway pod.

    Raises:
        LiveError: `kubectl exec` was denied, or what came back is no config dump.
    """
    agent = ("pilot-agent", "request", "GET", "config_dump")
    return read(tools.ask("kubectl", "exec", "--namespace", namespace, pod, "--container=istio-proxy", "--", *agent))


def read(text: str) -> Envoy:
    """An Envoy from its config dump; pilot-agent may write lines of its own log before it.

    Raises:
        LiveError: it is no config dump.
    """
    start = text.find("{") if text.startswith("{") else text.find("\n{") + 1
    try:
        configs = json.loads(text[start:])["configs"]
    except (ValueError, LookupError, TypeError):
        raise LiveError("the gateway pod did not answer with Envoy's config dump.") from None
    secrets = {entry["name"].removeprefix(_PREFIX): _certificates(entry) for entry in _entries(configs, "active")}
    names, refused = set(), []
    for listener in _section(configs, _LISTENERS).get("dynamic_listeners") or []:
        active = (listener.get("active_state") or {}).get("listener") or {}
        for chain in active.get("filter_chains") or []:
            names |= set((chain.get("filter_chain_match") or {}).get("server_names") or [])
        if listener.get("error_state"):
            refused.append(f"{listener.get('name')}: {listener['error_state'].get('details', 'no reason given')}")
    return Envoy(
        {name: pem for name, pem in secrets.items() if pem},
        frozenset(entry["name"].removeprefix(_PREFIX) for entry in _entries(configs, "warming")),
        frozenset(names),
        tuple(refused),
    )


def _section(configs: list[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    return next((config for config in configs if str(config.get("@type", "")).endswith(name)), {})


def _entries(configs: list[Mapping[str, Any]], state: str) -> Iterator[Mapping[str, Any]]:
    yield from _section(configs, _SECRETS).get(f"dynamic_{state}_secrets") or []


def _certificates(entry: Mapping[str, Any]) -> bytes:
    secret = entry.get("secret") or {}
    held = (secret.get("tls_certificate") or {}).get("certificate_chain") or (
        secret.get("validation_context") or {}
    ).get("trusted_ca")
    return base64.b64decode((held or {}).get("inline_bytes") or "")
