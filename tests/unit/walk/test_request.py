"""Requests that Envoy refuses whatever the routes are, and the host that it reads in the others."""

import pytest

from tests.unit.rules.build import gateway, http, virtual_service
from tests.unit.walk.asking import SHOP, answer, to


@pytest.mark.parametrize(
    ("method", "host", "path"),
    [
        ("get", "shop.example", "/"),
        ("CONNECT", "shop.example", "/"),
        ("GET", None, "/"),
        ("GET", "shop.example/", "/"),
        ("GET", "shop example", "/"),
        ("GET", "shop.example", "/a%00b"),
    ],
)
def test_bad_requests(method, host, path):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    found = answer(SHOP, routes, url=f"http://shop.example{path}", method=method, headers=[("Host", host)])
    assert found.status == 400


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("shop.example:abc", "shop/cart"),
        ("shop.example:", "shop/cart"),
        ("shop.example:80:80", "shop/site"),
        ("", "shop/site"),
        ("user@shop.example", "shop/site"),
    ],
)
def test_whatever_follows_the_last_colon_of_a_host_is_its_port(host, service):
    one = virtual_service("one", "shop.example", http=[to("cart")])
    everything = virtual_service("any", "*", http=[to("site")])
    assert answer(gateway("shop", http("*")), one, everything, headers=[("Host", host)]).service == service
