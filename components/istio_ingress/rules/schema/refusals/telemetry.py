"""Telemetry: which requests are written down."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema import cel
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal

_RULE = "telemetry-invalid"


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateTelemetry refuses of filters, as far as that is certain without its parser of CEL."""
    for logging in spec.parts("accessLogging"):
        chosen = logging.part("filter")
        text = chosen.text("expression") if chosen else None
        if chosen and text is not None and (why := cel.fault(text)):
            message = f"This is no expression: {why}."
            yield Refusal(_RULE, chosen.at("expression"), message, "Write CEL, such as response.code >= 400.")
