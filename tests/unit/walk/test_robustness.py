"""Whatever stands in manifests, a request is answered or it is said why not."""

from copy import deepcopy

import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.walk import Knowledge, Request, Result, World, walk
from tests.unit.rules.build import gateway, https, manifest, pods, route, secret, service, virtual_service

SHOP = (
    gateway("shop", https("shop.example", mode="MUTUAL")),
    virtual_service("shop", "shop.example", http=[route("cart", {"uri": {"prefix": "/"}, "headers": {"x-a": {}}})]),
    manifest("DestinationRule", "cart", {"host": "cart", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}),
    manifest("ServiceEntry", "out", {"hosts": ["out.example"], "ports": [{"number": 80}], "exportTo": ["."]}),
    service("cart", (80, 8080), selector={"app": "cart"}),
    pods("istio-system", istio="ingressgateway"),
    secret("shop.example", tls_crt="certificate", tls_key="key", ca_crt="bundle"),
    manifest("Ingress", "i", {"ingressClassName": "istio", "rules": [{"host": "i.example"}]}),
    {**manifest("AuthorizationPolicy", "p", {"rules": [{"to": [{"operation": {"paths": ["/"]}}]}]}, "istio-system")},
)
ODD = (UNKNOWN, None, "", 7, True, [], {}, [None], {"a": None}, ["x"])


def places(value, path=()):
    """The way to everything in a value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(value, path, odd):
    made = deepcopy(value)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    return made


@pytest.mark.parametrize("position", range(len(SHOP)))
@pytest.mark.parametrize("url", ["https://shop.example/", "http://shop.example/"])
def test_any_value_anywhere(position, url):
    request = Request.of(url, headers=[("x-a", "1")], client_certificate="no certificate")
    for path in places(SHOP[position]):
        if path[0] in ("apiVersion", "kind"):
            continue
        for odd in ODD:
            documents = [*SHOP[:position], changed(SHOP[position], path, odd), *SHOP[position + 1 :]]
            result = walk(World(documents, Knowledge(complete=False)), request)
            assert isinstance(result, Result)
            assert bool(result.answers) != bool(result.unknown), (path, odd)
