"""Requests through a few manifests, and what answers them."""

from istio_ingress.walk import Request, World, walk
from tests.unit.rules.build import gateway, http, route, secret, service

CART, SITE, API = (service(name, (80, 8080), selector={"app": name}) for name in ("cart", "site", "api"))
SERVED = secret("shop.example", tls_crt="certificate", tls_key="key")


def ask(*documents, url="http://shop.example/", knowledge=None, method="GET", **options):
    """The walk of a request through these, with three Services beside them."""
    world = World([CART, SITE, API, *documents], knowledge)
    return walk(world, Request.of(url, method, **options))


def answer(*documents, **options):
    """The only answer."""
    result = ask(*documents, **options)
    assert result.unknown == ""
    (only,) = result.answers
    return only


def at(second):
    return {"creationTimestamp": f"2026-01-01T00:00:{second:02}Z"}


def to(host, *matches, **fields):
    return {**route(host, *matches), **fields}


def prefix(path):
    return {"uri": {"prefix": path}}


SHOP = gateway("shop", http("shop.example", "*.shop.example"))
