"""The Kubernetes objects that a stack's state holds, as the stack has written them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from istio_ingress.live import tools
from istio_ingress.topology.manifests import Manifest

_KUBERNETES = "kubernetes:"
_HIDDEN = "4dabf18193072939515e22adb298388d"
"""The key of what Pulumi shows of a secret."""


class Declared(NamedTuple):
    """One object of a stack."""

    manifest: Manifest
    provider: str
    """Which of the stack's providers writes it: each may be for a cluster of its own."""


def ask() -> list[Declared]:
    """Those of the stack that PULUMI_STACK, or `pulumi stack select`, names; secrets in them are left out.

    Raises:
        LiveError: pulumi is missing, or there is no such stack.
    """
    state = tools.read_object(tools.ask("pulumi", "stack", "export", "--non-interactive"))
    return read((state.get("deployment") or {}).get("resources") or [])


def read(resources: list[Mapping[str, Any]]) -> list[Declared]:
    """The objects among a state's resources. Patches are of objects of others, and what is to be deleted is none."""
    found = []
    for resource in resources:
        kind = str(resource.get("type", ""))
        inputs = resource.get("inputs") or {}
        ours = kind.startswith(_KUBERNETES) and not kind.endswith("Patch") and resource.get("custom")
        if ours and not resource.get("delete") and not resource.get("external") and inputs.get("kind"):
            namespace, _, name = str(resource.get("id", "")).rpartition("/")
            manifest = {**inputs, "metadata": {"namespace": namespace, "name": name}}
            found.append(Declared(manifest, str(resource.get("provider", ""))))
    return found


def differs(declared: Any, live: Any) -> str:
    """The first field that a live object has otherwise than the stack wrote it, as `spec.servers[0].hosts`.

    Empty where all that is declared is there; what others have added does not count.
    """
    if isinstance(declared, Mapping):
        if _HIDDEN in declared:
            return ""
        if not isinstance(live, Mapping):
            return "." if declared else ""
        for key, value in declared.items():
            if found := differs(value, live.get(key)):
                return f".{key}{found.removesuffix('.')}"
        return ""
    if isinstance(declared, list):
        if not isinstance(live, list) or len(live) != len(declared):
            return "." if declared or live else ""
        for number, (one, other) in enumerate(zip(declared, live, strict=True)):
            if found := differs(one, other):
                return f"[{number}]{found.removesuffix('.')}"
        return ""
    return "" if declared == live or not (declared or live) else "."
