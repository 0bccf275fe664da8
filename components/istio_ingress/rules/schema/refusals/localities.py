"""Load balancing by region, zone and subzone."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.words import quoted

_RULE = "traffic-policy-invalid"
_TOPOLOGY = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")


def refusals(setting: Fields, *, zone_aware: bool) -> Iterator[Refusal]:
    """What Istio refuses in localityLbSetting and zoneAwareLbSetting."""
    if setting.size("distribute") and setting.size("failover"):
        yield Refusal(_RULE, setting.at("failover"), "There are both distribute and failover.", "Keep one of them.")
        return
    for label, path in setting.texts("failoverPriority"):
        if label in _TOPOLOGY and (zone_aware or setting.size("failover")):
            message = f"{label!r} has an order of its own here."
            yield Refusal(_RULE, path, message, "Take it away.")
    yield from _distribution(setting)
    for failover in setting.parts("failover"):
        source, target = failover.text("from"), failover.text("to")
        if source is not None and source == target:
            yield Refusal(_RULE, failover.path, f"It fails over from {source!r} to itself.", "Name another region.")
        for key, region in (("from", source), ("to", target)):
            if region and ("/" in region or "*" in region):
                message = f"{quoted(region)} is no region."
                yield Refusal(_RULE, failover.at(key), message, "Name a region, without zones and wildcards.")


def _distribution(setting: Fields) -> Iterator[Refusal]:
    sources: list[tuple[str, str]] = []
    for one in setting.parts("distribute"):
        weights = [(place, weight, path) for place, weight, path in one.items("to")]
        source = one.text("from")
        sources += [(source, one.at("from"))] if source is not None else []
        known = [weight for _, weight, _ in weights if isinstance(weight, int | float)]
        if len(known) == len(weights) and (any(not 0 < weight <= 100 for weight in known) or sum(known) != 100):
            message = f"The weights are {', '.join(f'{weight:g}' for weight in known) or 'none'}."
            yield Refusal(_RULE, one.at("to"), message, "Let them be from 1 to 100, and 100 together.")
        yield from _overlaps([(place, path) for place, _, path in weights])
    yield from _overlaps(sources)


def _overlaps(places: list[tuple[str, str]]) -> Iterator[Refusal]:
    seen: list[list[str]] = []
    for place, path in places:
        steps = place.split("/", 2)
        if "" in steps or "*" in place[:-1]:
            message = f"{quoted(place)} is no locality."
            yield Refusal(_RULE, path, message, "Write region/zone/subzone, the last of which may be '*'.")
        elif any(_within(steps, other) or (len(other) > len(steps) and _within(other, steps)) for other in seen):
            yield Refusal(_RULE, path, f"{quoted(place)} overlaps with another one.", "Keep one of them.")
        seen.append(steps)


def _within(inner: list[str], outer: list[str]) -> bool:
    named = outer[:-1] if outer[-1] == "*" else outer
    return inner[: len(named)] == named
