"""The request that an expectation is about, and where it is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, urlencode

from istio_ingress.expected.carried import Expected
from istio_ingress.rules.hosts import wildcards_over
from istio_ingress.rules.ingresses import Ingress
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import MESH, VirtualService
from istio_ingress.rules.values import Node
from istio_ingress.walk import ClientCertificate, NotKnownError, Request, World
from istio_ingress.walk.listeners import Server

_LINE = re.compile(r"(?:([^\s/:]+) +)?(\S+)")
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where a host is asked."""

    scheme: str
    port: int
    host: str

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def request_of(world: World, expected: Expected, client: ClientCertificate) -> Request:
    """What is sent; where the expectation names only a path, to the object's first host.

    Raises:
        NotKnownError: nothing says on which port and how that host is asked.
        RequestError: it cannot be sent.
    """
    method, target = split_line(expected.request)
    url = target if "://" in target else f"{origin(world, expected.owner)}{target}"
    if expected.query:
        url += ("&" if "?" in url else "?") + urlencode(expected.query, quote_via=quote)
    return Request.of(url, method, list(expected.headers.items()), client_certificate=client)


def split_line(line: str) -> tuple[str, str]:
    """Method and target of a request line: `GET /cart`, `/cart`, or `GET https://shop.example/cart`."""
    found = _LINE.fullmatch(line.strip())
    return (found[1] or "GET", found[2]) if found else ("GET", line)


def origin(world: World, owner: Resource) -> Origin:
    """Where an object's first host is asked: over TLS, where one of its Gateways has the host there."""
    if isinstance(owner, Ingress):
        return _of_ingress(owner)
    if not isinstance(owner, VirtualService):
        raise NotKnownError(f"{owner} has no hosts that are asked")
    host = _asked(owner.spec.texts("hosts"))
    names = [name for name in owner.gateways if name != MESH]
    missing = ""
    servers: list[Server] = []
    for name in names:
        key = owner.gateway_key(name)
        gateway = world.gateway(*key)
        if gateway is None:
            missing = missing or "/".join(key)
            continue
        servers += world.servers(gateway, (host, *wildcards_over(host)))
    wanted = set(_ports(owner))
    servers = [one for one in servers if not wanted or one.number in wanted]
    if not servers and (missing or not names):
        raise NotKnownError(f"the Gateway {missing} is not declared here" if missing else f"{owner} has no Gateway")
    if not servers:
        return Origin("http", _PORTS["http"], host)
    best = min(servers, key=lambda one: (not one.is_secure, one.redirects))
    return Origin("https" if best.is_secure else "http", best.number, host)


def _of_ingress(ingress: Ingress) -> Origin:
    hosts = [rule.text("host") or "*" for rule in ingress.spec.nodes("rules")]
    scheme = "https" if ingress.spec.nodes("tls") else "http"
    return Origin(scheme, _PORTS[scheme], _asked(hosts))


def _asked(hosts: list[str]) -> str:
    """A name that the first of these is, or is over."""
    return hosts[0].replace("*", "any", 1) if hosts else ""


def _ports(service: VirtualService) -> Iterator[int]:
    """The ports of which the routes are, where they are of no HTTP."""
    routes: list[Node] = [] if service.spec.nodes("http") else service.spec.nodes("tls") + service.spec.nodes("tcp")
    for route in routes:
        yield from filter(None, (match.number("port") for match in route.nodes("match")))
