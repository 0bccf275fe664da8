"""The objects of a cluster that the rules read, Secrets apart: each kind asked for on its own."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from istio_ingress.rules import kinds
from istio_ingress.rules.values import Manifest
from istio_ingress.with_cluster.access import Access

_SECONDS = 30
_AT_ONCE = 4
_NOT_ASKED = ("Secret", "ReplicaSet")  # keys stay in the cluster; Deployments say as much as their ReplicaSets
_NO_SUCH_KIND = "the server doesn't have a resource type"
_NAMESPACE = next(kind for kind in kinds.KINDS if kind.name == "Namespace")
_ASKED = [
    kind
    for kind in kinds.KINDS
    if kind.name not in _NOT_ASKED and (not kind.is_extra or kind.group == "gateway.networking.k8s.io")
]


class UnreachableError(Exception):
    """A cluster that does not answer, and why: one sentence."""


@dataclass(frozen=True)
class Living:
    """What lives in a cluster, as far as it could be read."""

    server: str
    """Its address."""
    manifests: Sequence[Manifest]
    unread: Sequence[str] = ()
    """What could not be read, and why: a sentence for each kind."""
    whole: frozenset[str] = frozenset()
    """The kinds of which everything was read, as kubectl calls them."""


def ask(access: Access, namespaces: Iterable[str] = ()) -> Living:
    """Read a cluster.

    Args:
        access: how it is reached.
        namespaces: where to look for a kind that may not be listed in all of them.

    Raises:
        UnreachableError: it does not answer.
    """
    with access.options() as options:
        server = _server(options)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            there = pool.submit(_namespaces, options)
            found = list(pool.map(lambda kind: _Kind(kind, options).read(sorted(set(namespaces))), _ASKED))
            every = [*found, (there.result(), "")]
    return Living(
        server,
        [one for manifests, _ in every for one in manifests],
        [unread for _, unread in every if unread],
        frozenset(kind.kubectl for kind, (_, unread) in zip(_ASKED, found, strict=True) if not unread),
    )


@dataclass(frozen=True)
class _Kind:
    """A kind, and how its cluster is reached."""

    kind: kinds.Kind
    options: Sequence[str]

    def read(self, namespaces: Sequence[str]) -> tuple[list[Manifest], str]:
        """The objects of all namespaces, or of these where no more is allowed; and what that leaves open."""
        try:
            return self._get("--all-namespaces"), ""
        except UnreachableError as error:
            if _NO_SUCH_KIND in str(error):
                return [], "" if self.kind.is_extra else f"{self.kind.kubectl}: the cluster has no such kind"
            reason = str(error)
        found, read = [], []
        for namespace in namespaces if "forbidden" in reason.lower() else ():
            try:
                found += self._get(f"--namespace={namespace}")
                read.append(namespace)
            except UnreachableError:
                continue
        where = f" but those of {', '.join(read)}" if read else ""
        return found, f"{self.kind.kubectl}{where}: {reason}"

    def _get(self, scope: str) -> list[Manifest]:
        text = _kubectl("get", self.kind.kubectl, scope, "--output=json", "--show-managed-fields", *self.options)
        return [Manifest(one, "the cluster") for one in json.loads(text)["items"]]


def _namespaces(options: Sequence[str]) -> list[Manifest]:
    """All namespaces; none where they may not be listed, which is no lack: only a rule of their own needs them."""
    found, _ = _Kind(_NAMESPACE, options).read(())
    return found


def _server(options: Sequence[str]) -> str:
    _kubectl("get", "--raw=/version", *options)
    config: dict[str, Any] = json.loads(_kubectl("config", "view", "--minify", "--output=json", *options))
    clusters = config.get("clusters") or [{}]
    return str((clusters[0].get("cluster") or {}).get("server") or "the cluster around this pod")


def _kubectl(*words: str) -> str:
    command = ["kubectl", *words, "--request-timeout=10s"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise UnreachableError("kubectl is not on PATH") from None
    except subprocess.TimeoutExpired:
        raise UnreachableError(f"kubectl did not answer within {_SECONDS} s") from None
    if done.returncode:
        last = (done.stderr.strip() or "no reason given").splitlines()[-1]
        raise UnreachableError(re.sub(r"^(error|Error from server \(\w+\)): ", "", last))
    return done.stdout
