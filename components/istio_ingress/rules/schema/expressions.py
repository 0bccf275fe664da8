"""The expressions (CEL) with which Istio's CRDs judge values, written by hand: this package evaluates no CEL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from istio_ingress.rules.schema.durations import MILLISECOND, nanoseconds
from istio_ingress.rules.values import UNKNOWN, UnknownValueError

_PORT_NAME = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")


@dataclass(frozen=True)
class Expression:
    """What an expression says. `holds` may raise UnknownValueError, TypeError or ValueError: the latter two fail it."""

    holds: Callable[[Any], bool]
    message: str
    remedy: str
    about: str = "value"
    """`value`, or `duration`: which rule reports it."""


def _get(value: Mapping[str, Any], key: str) -> Any:
    found = value.get(key)
    if found is UNKNOWN:
        raise UnknownValueError(key)
    return found


def _has(value: Mapping[str, Any], *keys: str) -> bool:
    return [key for key in keys if _get(value, key) is not None] != []


def _is_port(number: Any) -> bool:
    return 0 < int(number) <= 65535


def _scheme_in(schemes: tuple[str, ...]) -> Callable[[str], bool]:
    def holds(url: str) -> bool:
        return urlsplit(url).scheme in schemes

    return holds


def _is_image(url: str) -> bool:
    parts = urlsplit(url)
    absolute = url.startswith("/") or bool(parts.scheme)
    return not absolute or parts.scheme in ("", "http", "https", "file", "oci") or "." in parts.scheme


def _no_cidr(entry: Mapping[str, Any]) -> bool:
    addresses = [one for one in _get(entry, "addresses") or () if isinstance(one, str)]
    return (_get(entry, "resolution") or "NONE") in ("STATIC", "NONE") or not any("/" in one for one in addresses)


def _one_each(ports: Any) -> bool:
    numbers = [_get(port, "number") for port in ports if isinstance(port, (dict, Mapping))]
    return len(numbers) == len(set(numbers))


def _selects(policy: Mapping[str, Any]) -> bool:
    labels = _get(_get(policy, "selector") or {}, "matchLabels") or {}
    return not _has(policy, "portLevelMtls") or any(value is not None for value in labels.values())


def _waypoint(match: Mapping[str, Any]) -> bool:
    return _has(match, "waypoint") is (_get(match, "context") == "WAYPOINT")


def _unix(path: str) -> bool:
    return not path.startswith("unix://")


_IMAGE = Expression(_is_image, "This is no place to take a module from.", "Use http, https, oci or file.")
_IMAGE_RULE = (
    'isURL(self) ? (url(self).getScheme() in ["", "http", "https", {}]) : (isURL("http://" + self) && '
    'url("http://" + self).getScheme() in ["", "http", "https", {}])'
)

EXPRESSIONS: dict[str, Expression] = {
    "duration(self) >= duration('1ms')": Expression(
        lambda text: (nanoseconds(text) or 0) >= MILLISECOND,
        "This is not a duration of 1ms or more.",
        "Write numbers with units, such as 30s, 1m30s or 500ms.",
        "duration",
    ),
    "0 < self && self <= 65535": Expression(_is_port, "This is not a port.", "Use a number from 1 to 65535."),
    "self.all(key, 0 < int(key) && int(key) <= 65535)": Expression(
        lambda ports: all(map(_is_port, ports)), "A key here is not a port.", "Use numbers from 1 to 65535."
    ),
    '!self.contains("*")': Expression(
        lambda text: "*" not in text, "A label's value has no wildcard.", "Write the value in full."
    ),
    'self.all(key, !key.contains("*"))': Expression(
        lambda labels: not any("*" in key for key in labels), "A label has no wildcard.", "Write the label in full."
    ),
    "self.all(key, key.size() != 0)": Expression(all, "A label has no name.", "Name it."),
    "self.size() == 0": Expression(
        lambda text: not text, "A reference leads to the policy's own namespace.", "Take the namespace away."
    ),
    _IMAGE_RULE.format('"file", "oci"', '"file", "oci"'): _IMAGE,
    _IMAGE_RULE.format('"oci", "file"', '"oci", "file"'): _IMAGE,
    '(has(self.valueFrom) ? self.valueFrom : "") != "HOST" || !has(self.value)': Expression(
        lambda env: _get(env, "valueFrom") != "HOST" or not _has(env, "value"),
        "With valueFrom: HOST there is no value.",
        "Take one of them away.",
    ),
    "has(self.wasm) != has(self.lua)": Expression(
        lambda spec: _has(spec, "wasm") != _has(spec, "lua"), "It is neither wasm nor lua, or both.", "Give it one."
    ),
    'has(self.context) ? ((self.context == "WAYPOINT") ? has(self.waypoint) : '
    "!has(self.waypoint)) : !has(self.waypoint)": (
        Expression(_waypoint, "waypoint goes with context: WAYPOINT, and only with it.", "Set both or neither.")
    ),
    'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true': Expression(
        lambda text: _unix(text) or text[7:8] in ("/", "@"),
        "This is not an absolute path.",
        "Write unix:///path/to/socket.",
    ),
    'self.startsWith("unix://") ? !self.endsWith("/") : true': Expression(
        lambda text: _unix(text) or not text.endswith("/"), "This path is a folder.", "Write unix:///path/to/socket."
    ),
    'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))': Expression(
        lambda ports: all(len(key) < 63 and _PORT_NAME.fullmatch(key) for key in ports),
        "A port's name is not a DNS label.",
        "Use at most 62 of a-z, 0-9 and -.",
    ),
    "has(self.address) || has(self.network)": Expression(
        lambda entry: _has(entry, "address", "network"), "There is neither address nor network.", "Name one."
    ),
    '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true': Expression(
        lambda entry: _unix(_get(entry, "address") or "") or not _has(entry, "ports"),
        "A Unix domain socket has no ports.",
        "Take ports away.",
    ),
    'self != "*"': Expression(lambda host: host != "*", "A ServiceEntry is not for every host.", "Name the hosts."),
    "self.all(l1, self.exists_one(l2, l1.number == l2.number))": Expression(
        _one_each, "Two of the ports have one number.", "Give every port a number of its own."
    ),
    '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && '
    '!((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))': Expression(
        _no_cidr, "With this resolution, addresses have no prefix length.", "Use STATIC or NONE, or single addresses."
    ),
    '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true': Expression(
        lambda entry: (_get(entry, "resolution") or "NONE") != "NONE" or not _has(entry, "endpoints"),
        "The resolution is NONE, and there are endpoints.",
        "Use the resolution STATIC or DNS, or take endpoints away.",
    ),
    '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? '
    "((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true": Expression(
        lambda entry: _get(entry, "resolution") != "DNS_ROUND_ROBIN" or len(_get(entry, "endpoints") or ()) <= 1,
        "The resolution is DNS_ROUND_ROBIN, and there are several endpoints.",
        "Use the resolution DNS, or keep one endpoint.",
    ),
    'self in ["", "HTTP", "HTTPS"]': Expression(
        lambda text: text in ("", "HTTP", "HTTPS"), "This is no such scheme.", "Use HTTP or HTTPS."
    ),
    "(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && "
    "!has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true": Expression(
        lambda source: (
            not _has(source, "serviceAccounts", "notServiceAccounts")
            or not _has(source, "principals", "notPrincipals", "namespaces", "notNamespaces")
        ),
        "serviceAccounts stand beside principals or namespaces.",
        "Keep one of them: a service account has its namespace already.",
    ),
    "has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? "
    "self.selector.matchLabels : {}).size() > 0) : true": Expression(
        _selects, "portLevelMtls stands in a policy for all pods.", "Name the pods with selector.matchLabels."
    ),
    'url(self).getScheme() in ["http", "https"]': Expression(
        _scheme_in(("http", "https")), "This is no http or https address.", "Write https://issuer.example/keys."
    ),
    '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true': Expression(
        lambda tag: _get(tag, "operation") != "UPSERT" or bool(_get(tag, "value")),
        "UPSERT needs a value.",
        "Give it one, or use REMOVE.",
    ),
    '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true': Expression(
        lambda tag: _get(tag, "operation") != "REMOVE" or not _has(tag, "value"),
        "REMOVE has no value.",
        "Take the value away, or use UPSERT.",
    ),
}
