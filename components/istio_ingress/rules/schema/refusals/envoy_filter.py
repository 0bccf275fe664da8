"""EnvoyFilters: what each of their patches is for, and what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from istio_ingress.rules.schema import regexes
from istio_ingress.rules.schema.fields import LISTS, MAPPINGS, Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.words import quoted

_RULE = "envoy-filter-invalid"
_MATCHES = {
    **dict.fromkeys(("LISTENER", "FILTER_CHAIN", "NETWORK_FILTER", "HTTP_FILTER"), "listener"),
    **dict.fromkeys(("ROUTE_CONFIGURATION", "VIRTUAL_HOST", "HTTP_ROUTE"), "routeConfiguration"),
    "CLUSTER": "cluster",
}
_HTTP = ("envoy.filters.network.http_connection_manager", "envoy.http_connection_manager")
#: What holds any message of Envoy's: it says its type, or nobody can read it. Some hold one, some one for each name.
_ANY = ("typed_config", "typedConfig")
_ANY_BY_NAME = (
    "typed_per_filter_config",
    "typedPerFilterConfig",
    "typed_extension_protocol_options",
    "typedExtensionProtocolOptions",
)
_TYPE = "@type"
_OLD = re.compile(r"(^|/)envoy\.([a-z_]+\.)+v2[a-z0-9]*\.")
#: A message whose `value` may be anything, and fields that are nobody's but a filter's.
_FREE_TYPE, _FREE = "TypedStruct", ("filter_metadata", "filterMetadata")


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateEnvoyFilter refuses of a patch by itself; of Envoy's messages those untyped or of v2."""
    for one in spec.parts("configPatches"):
        match = one.part("match")
        if match and match.text("context") == "WAYPOINT":
            continue  # which Istio does not look into
        target = one.text("applyTo")
        if target in ("", "INVALID"):
            yield Refusal(_RULE, one.at("applyTo"), "It is not said what is patched.", "Add applyTo: HTTP_FILTER.")
        yield from _patch(one)
        wanted = _MATCHES.get(target or "")
        others = [key for key in match.any_of(*set(_MATCHES.values())) if key != wanted] if match and wanted else []
        if match and others:
            message = f"{quoted(target)} is matched by {wanted}, and here stands {others[0]}."
            yield Refusal(_RULE, match.at(others[0]), message, f"Match by {wanted}, or change applyTo.")
        elif match:
            yield from _proxy(match.part("proxy"))
            yield from _filter(match.part("listener"), target) if wanted == "listener" else ()


def _proxy(proxy: Fields | None) -> Iterator[Refusal]:
    version = proxy.text("proxyVersion") if proxy else None
    if proxy and version and len(version) <= regexes.LONGEST and (why := regexes.fault(version)):
        message = f"{quoted(version)} is no regular expression: {why}."
        yield Refusal(_RULE, proxy.at("proxyVersion"), message, "Write one as RE2 reads it, such as ^1\\.29.*.")


def _filter(listener: Fields | None, target: str | None) -> Iterator[Refusal]:
    chain = listener.part("filterChain") if listener else None
    chosen = chain.part("filter") if chain else None
    if chosen is None:
        return
    name, inner = chosen.text("name"), chosen.part("subFilter")
    if name == "":
        yield Refusal(_RULE, chosen.at("name"), "The filter to match has no name.", f"Name it, such as {_HTTP[0]}.")
    elif "subFilter" in chosen and target not in (None, "HTTP_FILTER"):
        message = f"{quoted(target)} has no subFilter: HTTP_FILTER alone has."
        yield Refusal(_RULE, chosen.at("subFilter"), message, "Take it away, or change applyTo.")
    elif "subFilter" in chosen and name not in (None, *_HTTP):
        message = f"{quoted(name)} has no filters in it."
        yield Refusal(_RULE, chosen.at("name"), message, f"Write {_HTTP[0]}.")
    elif inner and inner.text("name") == "":
        yield Refusal(_RULE, inner.at("name"), "The filter to match has no name.", "Name it.")


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
    for path, message in _messages(patch.value.get("value"), patch.at("value")):
        yield from _message(message, path)


def _message(message: Any, path: str) -> Iterator[Refusal]:
    if _has_no_type(message):
        why = f"Envoy cannot tell what this is: it has no {_TYPE}."
        yield Refusal(_RULE, path, why, f"Begin it with '{_TYPE}': type.googleapis.com/….")
    elif isinstance(message, MAPPINGS) and _OLD.search(str(message.get(_TYPE))):
        why = f"{quoted(message[_TYPE])} is of Envoy's API v2, which no proxy of today knows."
        yield Refusal(_RULE, path, why, "Write the message of v3 that took its place.")


def _messages(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """What stands where a message says its type, or should, and the places."""
    if isinstance(value, LISTS) and not isinstance(value, str):
        for position, item in enumerate(value):
            yield from _messages(item, f"{path}[{position}]")
    elif isinstance(value, MAPPINGS) and not str(value.get(_TYPE)).endswith(_FREE_TYPE):
        for name, item in value.items():
            below = f"{path}.{name}"
            if name in _ANY:
                yield below, item
            elif name in _ANY_BY_NAME and isinstance(item, MAPPINGS):
                yield from ((f"{below}.{filter_}", one) for filter_, one in item.items())
            if name not in _FREE:
                yield from _messages(item, below)


def _has_no_type(message: Any) -> bool:
    if isinstance(message, MAPPINGS):
        return bool(message.get(_TYPE, "") == "")
    return isinstance(message, (str, int, float, *LISTS))  # one that is not known may have it
