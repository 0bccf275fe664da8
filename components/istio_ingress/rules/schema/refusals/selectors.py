"""What policies are for: pods by their labels, or a gateway or Service by its name."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal

_RULE = "selector-invalid"
_TARGETS = {
    ("", "Service"),
    ("core", "Service"),
    ("networking.istio.io", "ServiceEntry"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
}


def workload_selector(selector: Fields | None, key: str) -> Iterator[Refusal]:
    """A selector of pods; its labels stand in the field `key`."""
    for name, value, path in selector.items(key) if selector else ():
        if not name or "*" in name or (isinstance(value, str) and "*" in value):
            yield Refusal(_RULE, path, "A label is compared as a whole: there are no wildcards.", "Write it in full.")


def targets(spec: Fields) -> Iterator[Refusal]:
    """What a policy of `security.istio.io` is for."""
    references = spec.parts("targetRefs")
    single = spec.part("targetRef")
    for reference in [*references, *([single] if single else [])]:
        group, kind = reference.text("group"), reference.text("kind")
        if reference.text("name") == "":
            yield Refusal(_RULE, reference.at("name"), "The target has no name.", "Name it.")
        if group is not None and kind is not None and (group, kind) not in _TARGETS:
            message = f"{kind!r} of the group {group!r} is no target of a policy."
            yield Refusal(_RULE, reference.at("kind"), message, "Use Gateway, GatewayClass, Service or ServiceEntry.")
