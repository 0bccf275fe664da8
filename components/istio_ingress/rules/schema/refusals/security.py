"""AuthorizationPolicies, RequestAuthentications and PeerAuthentications."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals.selectors import targets, workload_selector
from istio_ingress.rules.words import quoted

_RULE = "authorization-policy-invalid"
_SOURCES = (
    "principals",
    "requestPrincipals",
    "namespaces",
    "serviceAccounts",
    "trustDomains",
    "ipBlocks",
    "remoteIpBlocks",
)
_OPERATIONS = ("ports", "methods", "paths", "hosts")
_NETWORKS = {"ipBlocks", "remoteIpBlocks"}
_NOT_CUSTOM = set(_SOURCES) - _NETWORKS
_NOT_CUSTOM_KEYS = {"source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"}
_ATTRIBUTES = {
    "source.ip": "networks",
    "remote.ip": "networks",
    "destination.ip": "networks",
    "destination.port": "ports",
    "source.serviceAccount": "serviceAccounts",
    "source.trustDomain": "trustDomains",
    **dict.fromkeys(
        (
            "source.namespace",
            "source.principal",
            "request.auth.principal",
            "request.auth.audiences",
            "request.auth.presenter",
            "connection.sni",
        ),
        "",
    ),
}
_WITH_KEYS = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
_LITERAL = re.compile(r"[a-zA-Z0-9\-._~%!$&'()+,;:@=]+")


def authorization_policy(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateAuthorizationPolicy refuses."""
    yield from _selected(spec)
    action = spec.text("action")
    if action in ("CUSTOM", "DENY") and "rules" not in spec:
        message = f"{action} without rules is never asked."
        yield Refusal(_RULE, spec.at("rules"), message, "Write rules: [{}] for every request.")
    provider = spec.part("provider")
    if (
        action == "CUSTOM"
        and "rules" in spec
        and ("provider" not in spec or (provider and provider.text("name") == ""))
    ):
        yield Refusal(_RULE, spec.at("provider"), "CUSTOM needs a provider.", "Name one of the mesh's providers.")
    if action in ("", "ALLOW", "DENY", "AUDIT") and "provider" in spec:
        message = f"A provider goes with CUSTOM, and the action is {action or 'ALLOW'}."
        yield Refusal(_RULE, spec.at("provider"), message, "Take it away, or use CUSTOM.")
    for rule in spec.parts("rules"):
        yield from _rule(rule, is_custom=action == "CUSTOM")


def _selected(spec: Fields) -> Iterator[Refusal]:
    yield from workload_selector(spec.part("selector"), "matchLabels")
    yield from targets(spec)


def _rule(rule: Fields, *, is_custom: bool) -> Iterator[Refusal]:
    for key, inside, names in (("from", "source", _SOURCES), ("to", "operation", _OPERATIONS)):
        for one in rule.parts(key):
            part = one.part(inside)
            if inside not in one:
                yield Refusal(_RULE, one.at(inside), f"There is no {inside}.", "Add it.")
            elif part is not None:
                yield from _conditions(part, names, is_custom=is_custom)
    for when in rule.parts("when"):
        yield from _when(when, is_custom=is_custom)


def _conditions(part: Fields, names: tuple[str, ...], *, is_custom: bool) -> Iterator[Refusal]:
    every = [(name, key) for name in names for key in (name, _negated(name))]
    if all(part.size(key) == 0 for _, key in every):
        yield Refusal(_RULE, part.path, "It is empty.", "Take it away, or fill it in.")
    for name, key in every:
        if is_custom and name in _NOT_CUSTOM and part.size(key):
            yield Refusal(_RULE, part.at(key), f"CUSTOM cannot have {key}.", "Take it away.")
        yield from _values(part, key, "networks" if name in _NETWORKS else name)


def _negated(name: str) -> str:
    return f"not{name[0].upper()}{name[1:]}"


def _when(when: Fields, *, is_custom: bool) -> Iterator[Refusal]:
    key = when.text("key")
    if key is None:
        return
    if key == "":
        yield Refusal(_RULE, when.at("key"), "The condition has no key.", "Name one, such as request.headers[x-id].")
        return
    if is_custom and (key in _NOT_CUSTOM_KEYS or key.startswith("request.auth.")):
        yield Refusal(_RULE, when.at("key"), f"CUSTOM cannot have {key}.", "Take it away.")
    if when.size("values") == 0 and when.size("notValues") == 0:
        yield Refusal(_RULE, when.at("values"), "There are no values.", "Add values or notValues.")
        return
    has_key = any(key.startswith(prefix) for prefix in _WITH_KEYS)
    fits = re.search(r"^[^\[]+\[.+\]$", key, re.DOTALL) is not None if has_key else key in _ATTRIBUTES
    if not fits:
        remedy = "Use one such as request.headers[x-id] or source.ip."
        yield Refusal(_RULE, when.at("key"), f"{quoted(key)} is no attribute.", remedy)
    for values in ("values", "notValues"):
        yield from _values(when, values, _ATTRIBUTES.get(key, ""))


def _values(part: Fields, key: str, kind: str) -> Iterator[Refusal]:
    for value, path in part.texts(key):
        fault = "an empty value" if value == "" else _FAULTS.get(kind, _nothing)(value)
        if fault:
            yield Refusal(_RULE, path, f"{quoted(value)} is {fault}.", "Write it as Istio's reference says.")


def _nothing(_: str) -> str:
    return ""


def _network(value: str) -> str:
    return "" if common.is_subnet(value) else "no network"


def _port(value: str) -> str:
    return "" if re.fullmatch(r"[0-9]+", value) and int(value) <= 65535 else "no port"


def _account(value: str) -> str:
    namespace, slash, name = value.partition("/")
    fits = "*" not in value and "/" not in name and len(value) <= 320 and (not slash or (namespace and name))
    return "" if fits else "no service account: write namespace/name"


def _wildcard(value: str) -> str:
    inner = value[1:] if value.startswith("*") else value.removesuffix("*")
    return "a wildcard that is not at the beginning or the end" if "*" in inner else ""


def _trust_domain(value: str) -> str:
    return "no trust domain" if "/" in value else _wildcard(value)


def _path(value: str) -> str:
    templated = "{*}" in value or "{**}" in value
    seen_last = False
    for step in value.strip("/").split("/"):
        if step in ("{*}", "{**}"):
            if seen_last:
                return "a path in which {**} is not the last"
            seen_last = step == "{**}"
        elif "{" in step or "}" in step or (templated and not _LITERAL.fullmatch(step)):
            return "no path: braces are for {*} and {**}"
    return ""


_FAULTS = {
    "networks": _network,
    "ports": _port,
    "paths": _path,
    "serviceAccounts": _account,
    "trustDomains": _trust_domain,
}


def request_authentication(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateRequestAuthentication refuses."""
    yield from _selected(spec)
    for rule in spec.parts("jwtRules"):
        yield from _jwt(rule)


def _jwt(rule: Fields) -> Iterator[Refusal]:
    name = "request-authentication-invalid"
    if rule.text("issuer") == "" and not rule.any_of("jwksUri", "jwks_uri"):
        yield Refusal(name, rule.at("issuer"), "There is neither issuer nor jwksUri.", "Name the issuer.")
    for key in ("audiences", "fromParams", "fromCookies"):
        for value, path in rule.texts(key):
            if not value:
                yield Refusal(name, path, "This is empty.", "Take it away.")
    for location in rule.parts("fromHeaders"):
        if location.text("name") == "":
            yield Refusal(name, location.at("name"), "The header has no name.", "Name it.")
    keys = rule.text("jwks")
    if keys and not _are_keys(keys):
        yield Refusal(name, rule.at("jwks"), "This is no set of keys.", 'Write JSON: {"keys": [...]}.')
    for output in rule.parts("outputClaimToHeaders"):
        for key in ("header", "claim"):
            if output.text(key) == "":
                yield Refusal(name, output.at(key), f"There is no {key}.", "Name both.")
    yield from common.duration(rule, "timeout")


def _are_keys(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def peer_authentication(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidatePeerAuthentication refuses beside the CRD."""
    yield from workload_selector(spec.part("selector"), "matchLabels")
