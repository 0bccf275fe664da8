"""Gateways: what is left of Istio's validation beside the rules about servers, hosts and their TLS settings."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.words import quoted

_UNIX = "unix://"


def refusals(spec: Fields, _namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateGateway refuses of a server's address."""
    for server in spec.parts("servers"):
        port, bind = server.part("port"), server.text("bind") or ""
        if bind.startswith(_UNIX):
            yield from common.unix_path(bind.removeprefix(_UNIX), server.at("bind"), "bind-invalid")
            if port and port.number("number"):
                message = "The server is bound to a Unix domain socket, and its port has a number."
                yield Refusal("bind-invalid", port.at("number"), message, "Use the number 0.")
        elif bind and not common.is_address(bind):
            message = f"{quoted(bind)} is no address."
            yield Refusal("bind-invalid", server.at("bind"), message, "Use an address of the pods, such as 10.0.0.1.")
        yield from _hosts(server)
        if port and port.number("targetPort"):
            message = "A server listens on port.number, and Istio refuses a targetPort beside it."
            yield Refusal("target-port-refused", port.at("targetPort"), message, "Take it away.")


def _hosts(server: Fields) -> Iterator[Refusal]:
    for host, path in server.texts("hosts"):
        namespace, slash, name = host.rpartition("/") if "://" not in host else ("", "", host)
        if slash and not (namespace in (".", "*") or common.is_label(namespace)):
            message = f"{quoted(namespace)} is no namespace."
            yield Refusal("gateway-host-incomplete", path, message, "Use '.', '*' or the name of a namespace.")
        if name != "*" and "." not in name and (common.is_host(name) or common.is_address(name)):
            message = f"{quoted(name)} has no dot: Istio takes it for a short name, which only the mesh completes."
            yield Refusal("gateway-host-incomplete", path, message, "Write it in full: shop.example.")
