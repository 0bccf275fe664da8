"""How `pulumi preview --json` writes what it plans: a step for each resource, with its state before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from istio_ingress import rules

#: What stands for a value that is not known yet, and for one that is secret.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_CONCEALED = "[secret]"
#: What to say of a preview that has failed.
FAILED = "the preview failed: it shows only what it had planned until then, and says itself why"
_GONE = ("delete", "discard", "remove")


def has_failed(preview: Mapping[str, Any]) -> bool:
    """Whether a preview says of itself that it ended with an error."""
    return any(said.get("severity") == "error" for said in preview.get("diagnostics") or ())


def is_hidden(value: Any) -> bool:
    """Whether a value is not known yet, in part or whole, or secret."""
    return UNKNOWN in str(value) or value == _CONCEALED


def is_gone(operation: str) -> bool:
    """Whether a step takes its resource away."""
    return operation.startswith(_GONE)


def manifest(urn: str, state: Mapping[str, Any]) -> rules.Manifest | None:
    """The Kubernetes object that a state is of, with `rules.UNKNOWN` for what is hidden; None for anything else."""
    inputs = state.get("inputs")
    if not isinstance(inputs, Mapping) or str(state.get("type", "")).endswith("Patch"):
        return None
    if not all(isinstance(inputs.get(key), str) for key in ("apiVersion", "kind")):
        return None
    return rules.Manifest(_known(inputs), urn)


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return rules.UNKNOWN if is_hidden(value) else value
