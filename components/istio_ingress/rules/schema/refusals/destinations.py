"""Where routes lead, and the headers that they change on the way."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.words import quoted

_AUTHORITY = (":authority", "host")


def destinations(targets: list[Fields]) -> Iterator[Refusal]:
    """The destinations of one route, with their weights."""
    weights = [target.number("weight") for target in targets]
    for target, weight in zip(targets, weights, strict=True):
        yield from destination(target.part("destination"))
        if weight is not None and weight < 0:
            yield Refusal("weights-invalid", target.at("weight"), f"The weight is {weight:g}.", "Use 0 or more.")
    if len(weights) > 1 and None not in weights and sum(filter(None, weights)) == 0:
        path = targets[0].path.rpartition("[")[0]
        written = any("weight" in target for target in targets)
        message = (
            f"The weights of {len(weights)} destinations are all 0."
            if written
            else f"None of the {len(weights)} destinations has a weight."
        )
        yield Refusal("weights-invalid", path, message, "Give at least one of them a weight.")


def destination(fields: Fields | None) -> Iterator[Refusal]:
    """A Service, one of its subsets and a port."""
    if fields is None:
        return
    host, subset, port = fields.text("host"), fields.text("subset"), fields.part("port")
    if host is not None and (host == "*" or not common.is_host(host)):
        message = f"{quoted(host)} is no host." if host else "There is no host."
        remedy = "Name a Service: cart, or cart.shop.svc.cluster.local."
        yield Refusal("destination-invalid", fields.at("host"), message, remedy)
    if subset and not common.is_label(subset):
        message = f"{quoted(subset)} is no name of a subset."
        yield Refusal("destination-invalid", fields.at("subset"), message, common.LABEL_REMEDY)
    if port is not None:
        yield from common.port(port.number("number"), port.at("number"), "destination-invalid")


def headers(fields: Fields | None) -> Iterator[Refusal]:
    """What is done to the headers of requests and responses."""
    for side in ("request", "response") if fields else ():
        operations = fields.part(side) if fields else None
        if operations is None:
            continue
        for key in ("set", "add"):
            for name, value, path in operations.items(key):
                is_authority = name.lower() in _AUTHORITY
                if not (side == "request" and is_authority):
                    yield from _name(name, path)
                fault = common.header_value_fault(value) if isinstance(value, str) else ""
                if fault:
                    yield Refusal(
                        "header-invalid", path, f"{quoted(value)} is no value of a header.", f"Mend it: {fault}."
                    )
        for name, path in operations.texts("remove"):
            yield from _name(name, path)


def _name(name: str, path: str) -> Iterator[Refusal]:
    if not name:
        yield Refusal("header-invalid", path, "A header has no name.", "Name it.")
    elif name.startswith(":") or name.lower() == "host":
        message = f"The header {quoted(name)} is HTTP's own and cannot be changed here."
        yield Refusal("header-invalid", path, message, "Use rewrite for the path and the authority.")


def authorities(rewrite: Fields | None, changed: Fields | None) -> Iterator[Refusal]:
    """A request's authority is set in one place only."""
    request = changed.part("request") if changed else None
    places = [rewrite.at("authority")] if rewrite and rewrite.text("authority") else []
    for key in ("set", "add") if request else ():
        for name, value, path in request.items(key) if request else ():
            if name.lower() in _AUTHORITY and value != "":
                places.append(path)
    if len(places) > 1:
        message = f"The authority is set here and at {places[0]}."
        yield Refusal("header-invalid", places[1], message, "Keep one of them.")
