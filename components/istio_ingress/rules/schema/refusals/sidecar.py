"""Sidecars: which listeners they have and which hosts they reach."""

from __future__ import annotations

import re
from collections.abc import Iterator

from istio_ingress.rules.resources import PROTOCOLS, TLS_PROTOCOLS
from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals.destination_rule import connection_pool
from istio_ingress.rules.schema.refusals.destinations import destination
from istio_ingress.rules.schema.refusals.selectors import workload_selector
from istio_ingress.rules.words import quoted

_RULE = "sidecar-invalid"
_UNIX = "unix://"
_OWN_ADDRESSES = ("", "127.0.0.1", "0.0.0.0", "::1", "::")  # noqa: S104 - read, not bound to
_NO_TLS = ("subjectAltNames", "httpsRedirect", "credentialName", "credentialNames", "tlsCertificates")


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateSidecar refuses."""
    yield from workload_selector(spec.part("workloadSelector"), "labels")
    listeners = spec.any_of("ingress", "egress")
    if not listeners and "outboundTrafficPolicy" not in spec and "inboundConnectionPool" not in spec:
        yield Refusal(_RULE, "spec", "The Sidecar is empty.", "Add egress with hosts.")
    yield from _ingress(spec)
    pool = spec.part("inboundConnectionPool")
    if pool:
        yield from connection_pool(pool)
    yield from _egress(spec)
    policy = spec.part("outboundTrafficPolicy")
    proxy = policy.part("egressProxy") if policy else None
    if policy and proxy:
        if policy.text("mode") in ("", "REGISTRY_ONLY"):
            message = "An egressProxy goes with the mode ALLOW_ANY."
            yield Refusal(_RULE, proxy.path, message, "Set that mode, or take it away.")
        elif "port" not in proxy:
            yield Refusal(_RULE, proxy.at("port"), "The egressProxy has no port.", "Name it.")
        else:
            host = proxy.text("host")
            if host and common.is_host(host) and not common.is_domain(host):
                yield Refusal(_RULE, proxy.at("host"), f"{quoted(host)} is no name.", "Use a full name.")
            yield from _as_sidecar(destination(proxy))


def _as_sidecar(found: Iterator[Refusal]) -> Iterator[Refusal]:
    return (one._replace(rule=_RULE) for one in found)


def _ingress(spec: Fields) -> Iterator[Refusal]:
    numbers: set[float] = set()
    for listener in spec.parts("ingress"):
        port = listener.part("port")
        if port is None:
            if "port" not in listener:
                yield Refusal(_RULE, listener.at("port"), "The listener has no port.", "Name it.")
            continue
        yield from _port(port)
        yield from common.port(port.number("number"), port.at("number"), _RULE)
        bind = listener.text("bind")
        if bind and not common.is_address(bind):
            yield Refusal(_RULE, listener.at("bind"), f"{quoted(bind)} is no address.", "Use an IP address.")
        number = port.number("number")
        if number in numbers:
            yield Refusal(_RULE, port.at("number"), f"Another listener has port {number:g}.", "Use another one.")
        numbers |= {number} if number is not None else set()
        yield from _endpoint(listener)
        yield from _tls(listener, port)
        pool = listener.part("connectionPool")
        if pool:
            yield from connection_pool(pool)


def _port(port: Fields) -> Iterator[Refusal]:
    name, protocol = port.text("name"), port.text("protocol")
    if name and not common.is_label(name):
        yield Refusal(_RULE, port.at("name"), f"{quoted(name)} is no name of a port.", "Use a-z, 0-9 and -.")
    if protocol and protocol.lower() not in PROTOCOLS:
        yield Refusal(_RULE, port.at("protocol"), f"The protocol is {quoted(protocol)}.", "Use HTTP, TLS or TCP.")
    if port.number("targetPort"):
        yield Refusal(_RULE, port.at("targetPort"), "A Sidecar has no targetPort.", "Take it away.")


def _endpoint(listener: Fields) -> Iterator[Refusal]:
    endpoint, path = listener.text("defaultEndpoint"), listener.at("defaultEndpoint")
    if not endpoint:
        return
    if endpoint.startswith(_UNIX):
        yield from common.unix_path(endpoint.removeprefix(_UNIX), path, _RULE)
        return
    found = re.fullmatch(r"(?:\[([^\[\]]*)\]|([^:\[\]]*)):([^:\[\]]*)", endpoint)
    number = found[3] if found else ""
    is_port = re.fullmatch(r"[-+]?\d+", number) is not None and 1 <= int(number) <= 65535
    if found is None or (found[1] or found[2] or "") not in _OWN_ADDRESSES or not is_port:
        remedy = "Write 127.0.0.1:8080, [::1]:8080 or unix:///path."
        yield Refusal(_RULE, path, f"{quoted(endpoint)} is no endpoint of the pod itself.", remedy)


def _tls(listener: Fields, port: Fields) -> Iterator[Refusal]:
    tls, protocol = listener.part("tls"), port.text("protocol")
    if tls is None:
        return
    for key in tls.any_of(*_NO_TLS):
        yield Refusal(_RULE, tls.at(key), f"A Sidecar's tls has no {key}.", "Take it away.")
    mode = tls.text("mode")
    if mode in ("ISTIO_MUTUAL", "AUTO_PASSTHROUGH"):
        yield Refusal(_RULE, tls.at("mode"), f"A Sidecar has no mode {mode}.", "Use SIMPLE or MUTUAL.")
    if protocol is not None and protocol.lower() not in TLS_PROTOCOLS:
        yield Refusal(_RULE, tls.path, f"The protocol is {protocol or 'not told'}.", "Use HTTPS or TLS.")
    if mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
        wanted = ["serverCertificate", "privateKey", *(["caCertificates"] if mode != "SIMPLE" else [])]
        for key in wanted if not tls.any_of("credentialName", "credentialNames", "tlsCertificates") else ():
            if tls.text(key) == "":
                yield Refusal(_RULE, tls.at(key), f"The mode is {mode}, and there is no {key}.", "Name the file.")
        if mode == "SIMPLE" and tls.text("caCrl"):
            yield Refusal(_RULE, tls.at("caCrl"), "SIMPLE has no clients to revoke.", "Take it away.")


def _egress(spec: Fields) -> Iterator[Refusal]:
    listeners = spec.parts("egress")
    numbers: set[float] = set()
    sockets: set[str] = set()
    for position, listener in enumerate(listeners):
        port, bind = listener.part("port"), listener.text("bind") or ""
        if "port" not in listener:
            if position < (spec.size("egress") or 0) - 1:
                message = "Without a port this listener takes everything, and others follow it."
                yield Refusal(_RULE, listener.path, message, "Put it at the end.")
        elif port is not None:
            yield from _port(port)
            number = port.number("number")
            if number == 0:
                yield from _socket(listener, bind)
                if bind in sockets:
                    yield Refusal(_RULE, listener.at("bind"), "Another listener has this socket.", "Use another one.")
                sockets.add(bind)
            elif number is not None:
                yield from common.port(number, port.at("number"), _RULE)
                if bind and not common.is_address(bind):
                    yield Refusal(_RULE, listener.at("bind"), f"{quoted(bind)} is no address.", "Use an IP address.")
                if number in numbers:
                    yield Refusal(_RULE, port.at("number"), f"Another listener has port {number:g}.", "Use another.")
                numbers.add(number)
        if listener.size("hosts") == 0:
            yield Refusal(_RULE, listener.at("hosts"), "The listener has no hosts.", "Name some, such as './*'.")
        for host, path in listener.texts("hosts"):
            yield from _host(host, path)


def _socket(listener: Fields, bind: str) -> Iterator[Refusal]:
    if not bind.startswith(_UNIX):
        yield Refusal(_RULE, listener.at("bind"), "The port is 0, and bind is no socket.", "Write unix:///path.")
    else:
        yield from common.unix_path(bind.removeprefix(_UNIX), listener.at("bind"), _RULE)
    if listener.text("captureMode") == "IPTABLES":
        yield Refusal(_RULE, listener.at("captureMode"), "Nothing is captured on a socket.", "Use NONE.")


def _host(host: str, path: str) -> Iterator[Refusal]:
    namespace, slash, name = host.partition("/")
    named = namespace.removeprefix("~")
    fits = slash and namespace and (named in ("", "*", ".") or common.is_label(named))
    whole = name == "*" or ("." in name and common.is_host(name) and ("*" not in name or name.startswith("*.")))
    if not (fits and whole):
        yield Refusal(_RULE, path, f"{quoted(host)} is no host.", "Write namespace/host, such as './cart.example'.")
