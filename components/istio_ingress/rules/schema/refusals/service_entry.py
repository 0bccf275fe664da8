"""ServiceEntries: hosts, ports, addresses, endpoints, and what goes with which resolution."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.resources import HTTP_PROTOCOLS, PROTOCOLS, TLS_PROTOCOLS
from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals.selectors import workload_selector
from istio_ingress.rules.words import quoted

_RULE = "service-entry-invalid"
_DNS = ("DNS", "DNS_ROUND_ROBIN")
_DYNAMIC = "DYNAMIC_DNS"
_UNIX = "unix://"


def refusals(spec: Fields, namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateServiceEntry refuses."""
    resolution = spec.text("resolution")
    resolution = "NONE" if resolution == "" else resolution
    yield from workload_selector(spec.part("workloadSelector"), "labels")
    for host, path in spec.texts("hosts"):
        if host != "*" and not common.is_host(host):
            yield Refusal(
                _RULE, path, f"{quoted(host)} is no host.", "Use a DNS name, or a wildcard for its first label."
            )
    for address, path in spec.texts("addresses"):
        if not common.is_subnet(address):
            yield Refusal(_RULE, path, f"{quoted(address)} is no address.", "Write 10.0.0.1 or 10.0.0.0/8.")
    yield from _ports(spec)
    if resolution == "STATIC":
        yield from _static(spec)
    elif resolution in _DNS:
        yield from _dns(spec)
    elif resolution == _DYNAMIC:
        yield from _dynamic(spec)
    if resolution not in ("NONE", None) and (spec.size("hosts") or 0) > 1:
        for port in spec.parts("ports"):
            protocol = port.text("protocol")
            if protocol is not None and protocol.lower() not in HTTP_PROTOCOLS | TLS_PROTOCOLS:
                message = f"There are several hosts, and nothing in {protocol or 'this protocol'} tells them apart."
                yield Refusal(_RULE, port.path, message, "Give each host a ServiceEntry of its own.")
                break
    yield from common.export_to(spec, namespace, none=True)


def _ports(spec: Fields) -> Iterator[Refusal]:
    names: set[str] = set()
    for port in spec.parts("ports"):
        name, protocol = port.text("name"), port.text("protocol")
        if name is not None and not common.is_label(name):
            message = f"{quoted(name)} is no name of a port."
            yield Refusal(_RULE, port.at("name"), message, common.LABEL_REMEDY)
        names |= {name} if name else set()
        if protocol and protocol.lower() not in PROTOCOLS:
            yield Refusal(_RULE, port.at("protocol"), f"The protocol is {protocol!r}.", "Use HTTP, TLS, TCP and so on.")


def _names(spec: Fields) -> set[str] | None:
    names = {port.text("name") for port in spec.parts("ports")}
    known = spec.size("ports") == len(spec.parts("ports")) and None not in names
    return {name for name in names if name is not None} if known else None


def _endpoint_ports(endpoint: Fields, names: set[str] | None) -> Iterator[Refusal]:
    for name, _, path in endpoint.items("ports"):
        if names is not None and name not in names:
            message = f"No port of the ServiceEntry is called {quoted(name)}."
            yield Refusal(_RULE, path, message, f"Use one of {', '.join(sorted(names)) or 'its ports'}.")
    yield from common.labels(endpoint, "labels", _RULE)


def _static(spec: Fields) -> Iterator[Refusal]:
    names = _names(spec)
    for endpoint in spec.parts("endpoints"):
        address = endpoint.text("address")
        if address and address.startswith(_UNIX):
            if names is not None and len(names) != 1:
                message = "A Unix domain socket serves one port."
                yield Refusal(_RULE, endpoint.at("address"), message, "Name one port in the ServiceEntry.")
        elif address and not common.is_address(address):
            message = f"The resolution is STATIC, and {quoted(address)} is no address."
            yield Refusal(_RULE, endpoint.at("address"), message, "Use an address, or the resolution DNS.")
        elif address == "" and endpoint.text("network") == "":
            yield Refusal(_RULE, endpoint.at("address"), "There is neither address nor network.", "Name one.")
        yield from _endpoint_ports(endpoint, names)


def _dns(spec: Fields) -> Iterator[Refusal]:
    if spec.size("endpoints") == 0:
        for host, path in spec.texts("hosts"):
            if not common.is_domain(host):
                message = f"Without endpoints {quoted(host)} is what is resolved, and it is no name."
                yield Refusal(_RULE, path, message, "Name endpoints, or a host without a wildcard.")
                break
    names = _names(spec)
    for endpoint in spec.parts("endpoints"):
        address = endpoint.text("address")
        if address is not None and not (common.is_address(address) or common.is_domain(address)):
            message = f"{quoted(address)} is neither a name nor an address." if address else "There is no address."
            yield Refusal(_RULE, endpoint.at("address"), message, "Name one.")
        yield from _endpoint_ports(endpoint, names)


def _dynamic(spec: Fields) -> Iterator[Refusal]:
    for host, path in spec.texts("hosts"):
        if not host.startswith("*"):
            message = f"The resolution is {_DYNAMIC}, and {quoted(host)} is no wildcard."
            yield Refusal(_RULE, path, message, "Use the resolution DNS.")
    for key in ("addresses", "endpoints"):
        if spec.size(key):
            message = f"The resolution is {_DYNAMIC}, which takes them from the host that is asked for."
            yield Refusal(_RULE, spec.at(key), message, "Take them away.")
    for port in spec.parts("ports"):
        protocol = port.text("protocol")
        if protocol is not None and protocol.lower() not in ("http", "tls", "grpc", "http2"):
            message = f"The resolution is {_DYNAMIC}, which {protocol or 'an unnamed protocol'} cannot have."
            yield Refusal(_RULE, port.at("protocol"), message, "Use HTTP, HTTP2, GRPC or TLS.")
