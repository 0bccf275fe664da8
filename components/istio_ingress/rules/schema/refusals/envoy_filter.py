"""EnvoyFilters: what each of their patches is for, and what it does."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.words import quoted

_RULE = "envoy-filter-invalid"
_MATCHES = {
    **dict.fromkeys(("LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"), "listener"),
    **dict.fromkeys(("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"), "routeConfiguration"),
    "CLUSTER": "cluster",
}


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateEnvoyFilter refuses of a patch by itself, Envoy's part of it apart."""
    for one in spec.parts("configPatches"):
        target = one.text("applyTo")
        if target in ("", "INVALID"):
            yield Refusal(_RULE, one.at("applyTo"), "It is not said what is patched.", "Add applyTo: HTTP_FILTER.")
        yield from _patch(one)
        match, wanted = one.part("match"), _MATCHES.get(target or "")
        others = [key for key in match.any_of(*set(_MATCHES.values())) if key != wanted] if match and wanted else []
        if match and others:
            message = f"{quoted(target)} is matched by {wanted}, and here stands {others[0]}."
            yield Refusal(_RULE, match.at(others[0]), message, f"Match by {wanted}, or change applyTo.")


def _patch(one: Fields) -> Iterator[Refusal]:
    patch = one.part("patch")
    if patch is None:
        if "patch" not in one:
            yield Refusal(_RULE, one.at("patch"), "There is no patch.", "Add one, with an operation.")
        return
    operation = patch.text("operation")
    if operation in ("", "INVALID"):
        yield Refusal(_RULE, patch.at("operation"), "The patch has no operation.", "Add one, such as MERGE.")
    elif operation not in (None, "REMOVE") and "value" not in patch:
        yield Refusal(_RULE, patch.at("value"), f"{operation} has no value.", "Add one, or write REMOVE.")
