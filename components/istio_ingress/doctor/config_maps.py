"""The ConfigMaps that servers name for the CA of their clients: `caCertCredentialName: configmap://shop/clients`."""

from __future__ import annotations

from collections.abc import Mapping

from istio_ingress.live.errors import LiveError
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.live.gather import attempt, servers
from istio_ingress.live.tools import kubectl_items
from istio_ingress.rules.credential_keys import CA_SUFFIX, CONFIG_MAP
from istio_ingress.rules.resources import MUTUAL_MODES, Server
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import known
from istio_ingress.topology.manifests import Manifest

Name = tuple[str, str]
"""Namespace and name."""


def named_by(server: Server) -> Name | None:
    """The ConfigMap that a server names, without what Istio takes off its name; None where it names none."""
    told = known(lambda: server.tls.text("caCertCredentialName") if server.mode in MUTUAL_MODES else "") or ""
    namespace, slash, name = told.removeprefix(CONFIG_MAP).partition("/")
    return (namespace, name.removesuffix(CA_SUFFIX)) if told.startswith(CONFIG_MAP) and slash else None


def ask(facts: ClusterFacts) -> dict[Name, Manifest | LiveError | None]:
    """Each of them; None where there is none."""
    names = dict.fromkeys(name for server in servers(facts) if (name := named_by(server)))
    return {name: attempt(_find, name) for name in names}


def as_secret(manifest: Manifest) -> Secret:
    """A ConfigMap, read as the Secret with the same values: Istio looks for the same names in both."""
    values: Mapping[str, str] = manifest.get("data") or {}
    return Secret({"kind": "Secret", "metadata": manifest["metadata"], "stringData": values}, "")


def _find(name: Name) -> Manifest | None:
    namespace, own = name
    found = kubectl_items("configmaps", own, "--namespace", namespace, "--ignore-not-found", "--request-timeout=10s")
    return found[0] if found else None
