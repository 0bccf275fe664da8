"""Telemetry: which requests are written down, and what tags its metrics carry."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema import cel
from istio_ingress.rules.schema.fields import MAPPINGS, Fields
from istio_ingress.rules.schema.refusal import Refusal


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """The expressions that are none, as far as that is certain without a parser of CEL.

    Of a filter Istio's ValidateTelemetry refuses them; of a tag it takes them, and Envoy leaves the tag out.
    """
    for logging in spec.parts("accessLogging"):
        if chosen := logging.part("filter"):
            yield from _faults("telemetry-invalid", chosen, "expression", "response.code >= 400")
    for tag in _tags(spec):
        if tag.text("value"):
            yield from _faults("telemetry-tag-lost", tag, "value", "request.host")


def _tags(spec: Fields) -> Iterator[Fields]:
    for metrics in spec.parts("metrics"):
        for override in metrics.parts("overrides"):
            tags = override.items("tagOverrides")
            yield from (Fields(tag, path) for _, tag, path in tags if isinstance(tag, MAPPINGS))


def _faults(rule: str, part: Fields, key: str, example: str) -> Iterator[Refusal]:
    text = part.text(key)
    if text is not None and (why := cel.fault(text)):
        yield Refusal(rule, part.at(key), f"This is no expression: {why}.", f"Write CEL, such as {example}.")
