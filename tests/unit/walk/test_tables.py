"""Which virtual host a request finds, and which of its routes comes first."""

import pytest

from tests.unit.rules.build import gateway, http, manifest, virtual_service
from tests.unit.walk.asking import SHOP, answer, ask, at, prefix, to


def test_the_older_gateway_comes_first_whatever_the_age_of_its_virtual_service():
    young, old = gateway("a", http("shop.example"), **at(9)), gateway("z", http("shop.example"), **at(1))
    first = virtual_service("a", "shop.example", gateways=("a",), http=[to("site", prefix("/x"))], **at(2))
    second = virtual_service("z", "shop.example", gateways=("z",), http=[to("cart", prefix("/x"))], **at(8))
    assert answer(young, old, first, second, url="http://shop.example/x").service == "shop/cart"


def test_of_two_virtual_services_of_one_second_the_name_decides_then_the_namespace():
    one = virtual_service("b", "shop.example", http=[to("cart", prefix("/"))], **at(1))
    other = virtual_service("a", "shop.example", http=[to("site", prefix("/"))], **at(1))
    assert answer(SHOP, one, other).service == "shop/site"


@pytest.mark.parametrize(
    ("older", "service"),
    [
        ([to("cart")], "shop/api"),
        ([to("cart", prefix("/"))], "shop/api"),
        ([to("cart", {"uri": {"regex": ".*"}})], "shop/api"),
        ([to("cart", {"port": 80})], "shop/api"),
        ([to("cart", {"uri": {"regex": "/.*"}})], "shop/cart"),
        ([to("cart", {**prefix("/"), "method": {"exact": "GET"}})], "shop/cart"),
        ([to("cart", {**prefix("/"), "withoutHeaders": {"x-a": {}}})], "shop/cart"),
    ],
)
def test_only_some_forms_take_everything_and_go_behind_a_younger_ones_routes(older, service):
    old = virtual_service("old", "shop.example", http=older, **at(1))
    new = virtual_service("new", "shop.example", http=[to("api", prefix("/api"))], **at(2))
    assert answer(SHOP, old, new, url="http://shop.example/api").service == service


def test_an_exact_host_hides_the_routes_of_a_wildcard():
    wide = virtual_service("wide", "*.shop.example", http=[to("site")])
    narrow = virtual_service("narrow", "a.shop.example", http=[to("cart", prefix("/cart"))])
    assert answer(SHOP, wide, narrow, url="http://a.shop.example/").status == 404
    assert answer(SHOP, wide, narrow, url="http://b.shop.example/").service == "shop/site"


def test_a_virtual_service_without_a_route_for_the_port_makes_no_host():
    wide = virtual_service("wide", "*.shop.example", http=[to("site")])
    narrow = virtual_service("narrow", "a.shop.example", http=[to("cart", {"port": 443})])
    assert answer(SHOP, wide, narrow, url="http://a.shop.example/").service == "shop/site"


def test_one_https_redirect_redirects_a_host_on_every_gateway_of_the_port():
    plain = gateway("z", http("shop.example", "site.example"), **at(1))
    redirecting = gateway("a", http("shop.example", tls={"httpsRedirect": True}), **at(2))
    routes = virtual_service("shop", "shop.example", "site.example", gateways=("z",), http=[to("cart")])
    found = answer(plain, redirecting, routes, url="http://shop.example/x?y=1", headers=[("Host", "shop.example:8080")])
    assert (found.status, found.location) == (301, "https://shop.example:8080/x?y=1")
    assert answer(plain, redirecting, routes, url="http://site.example/").service == "shop/cart"


def test_which_of_two_is_older_decides_and_is_not_known():
    one = virtual_service("one", "shop.example", http=[to("cart", prefix("/x"))])
    other = virtual_service("other", "shop.example", http=[to("site", prefix("/x")), to("api", prefix("/y"))])
    result = ask(SHOP, one, other, url="http://shop.example/x")
    assert (result.exit_code, result.answers) == (2, ())
    assert result.unknown == (
        "VirtualService shop/one and VirtualService shop/other both take it, and it is not known which is older"
    )
    assert answer(SHOP, one, other, url="http://shop.example/y").service == "shop/api"


def test_a_delegates_route_counts_where_the_root_takes_its_matches():
    root = [{"match": [prefix("/in")], "delegate": {"name": "inner"}}, to("site", prefix("/in"))]
    inner = [to("api", prefix("/in/api")), to("cart", {"uri": {"regex": "/in/cart"}}), to("cart", prefix("/out"))]
    documents = (
        SHOP,
        virtual_service("shop", "shop.example", http=root),
        manifest("VirtualService", "inner", {"http": inner}),
    )
    paths = ("/in/api", "/in/cart", "/out")
    found = [answer(*documents, url=f"http://shop.example{path}") for path in paths]
    assert [(one.service, one.status) for one in found] == [("shop/api", None), ("shop/site", None), ("", 404)]


def test_a_404_names_what_a_delegate_leaves_out():
    root = [{"match": [prefix("/in")], "delegate": {"name": "inner"}}, {"delegate": {"name": "none", "namespace": "x"}}]
    inner = manifest("VirtualService", "inner", {"http": [to("cart", prefix("/out"))]})
    steps = ask(SHOP, virtual_service("shop", "shop.example", http=root), inner, url="http://shop.example/out").steps
    assert [(one.path, one.says) for one in steps[1:]] == [
        ("spec.http[0]", "takes nothing of spec.http[0] of VirtualService shop/inner, which is left out"),
        ("spec.http[1].delegate", "there is no VirtualService x/none"),
        ("", "no route of a VirtualService is for the host shop.example"),
    ]


def test_who_is_exported_to():
    routes = [
        virtual_service("own", "a.shop.example", exportTo=["."]),
        virtual_service("theirs", "b.shop.example", exportTo=["istio-system"]),
    ]
    assert answer(SHOP, *routes, url="http://a.shop.example/").status == 404
    assert answer(SHOP, *routes, url="http://b.shop.example/").service == "shop/cart"


def test_a_wildcard_for_a_part_of_a_label_is_longer_than_the_one_for_the_whole():
    everybody = gateway("shop", http("*.example"))
    hosts = {"*.shop.example": "site", "*-web.shop.example": "cart", "*b.shop.example": "api"}
    routes = [virtual_service(backend, host, http=[to(backend)]) for host, backend in hosts.items()]
    answers = {"a-web": "shop/cart", "x.a-web": "shop/cart", "web": "shop/api", "b": "shop/site", "-web": "shop/api"}
    for name, backend in answers.items():
        assert answer(everybody, *routes, url=f"http://{name}.shop.example/").service == backend


def test_the_number_of_the_first_server_of_a_gateway_is_that_of_all_its_servers_on_a_pods_port():
    servers = http("a.shop.example", port=8080, name="a"), http("b.shop.example", port=80, name="b")
    redirect = {"redirect": {"uri": "/new", "derivePort": "FROM_REQUEST_PORT"}}
    routes = virtual_service("shop", "*.shop.example", http=[redirect])
    found = answer(gateway("shop", *servers), routes, url="http://b.shop.example/")
    assert found.location == "http://b.shop.example:8080/new"
    only = virtual_service("shop", "b.shop.example", http=[redirect])
    assert answer(gateway("shop", *servers), only, url="http://b.shop.example/").location == "http://b.shop.example/new"
    ported = virtual_service("shop", "*.shop.example", http=[to("cart", {"port": 80})])
    assert answer(gateway("shop", *servers), ported, url="http://b.shop.example/").service == "shop/cart"
    assert answer(gateway("shop", *servers), ported, url="http://a.shop.example/").status == 404
