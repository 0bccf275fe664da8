"""What a route does with the request that it takes."""

import pytest

from tests.unit.rules.build import virtual_service
from tests.unit.walk.asking import SHOP, answer, ask, prefix, to


@pytest.mark.parametrize(
    ("rewrite", "match", "path", "seen"),
    [
        ({"uri": "/"}, prefix("/api"), "/api/x", "//x"),
        ({"uri": "/"}, prefix("/api/"), "/api/x?q=1", "/x?q=1"),
        ({"uri": "/new"}, {"uri": {"exact": "/old"}}, "/old?q=1", "/new?q=1"),
        ({"uri": "/new"}, {"uri": {"regex": "/o.*"}}, "/old/x", "/new"),
        ({"uri": "/new"}, {**prefix("/API"), "ignoreUriCase": True}, "/apiX", "/newX"),
        ({"uriRegexRewrite": {"match": "^/([a-z]+)", "rewrite": "/r/\\1"}}, prefix("/"), "/a/b", "/r/a/b"),
        ({"uriRegexRewrite": {"match": "a*", "rewrite": "-"}}, prefix("/"), "/baac", "-/-b-c-"),
        ({"authority": "inside.example"}, prefix("/"), "/x/../y/%41%2f", "/y/A%2f"),
    ],
)
def test_paths_as_the_backend_sees_them(rewrite, match, path, seen):
    routes = virtual_service("shop", "shop.example", http=[to("cart", match, rewrite=rewrite)])
    found = answer(SHOP, routes, url=f"http://shop.example{path}")
    assert (found.path, found.host) == (seen, rewrite.get("authority", "shop.example"))


@pytest.mark.parametrize(
    ("redirect", "host", "location"),
    [
        ({"uri": "/new"}, "shop.example", "http://shop.example/new?q=1"),
        ({"uri": "/new?z=1"}, "shop.example", "http://shop.example/new?z=1"),
        ({"authority": "new.example"}, "shop.example:8080", "http://new.example/old?q=1"),
        ({"scheme": "https"}, "shop.example:80", "https://shop.example/old?q=1"),
        ({"scheme": "https"}, "shop.example:8080", "https://shop.example:8080/old?q=1"),
        ({"port": 8443}, "shop.example:8080", "http://shop.example:8443/old?q=1"),
        ({"port": 80}, "shop.example", "http://shop.example/old?q=1"),
        ({"prefixRewrite": "/n"}, "shop.example", "http://shop.example/n?q=1"),
    ],
)
def test_where_redirects_lead(redirect, host, location):
    routes = virtual_service("shop", "shop.example", http=[{"match": [prefix("/old")], "redirect": redirect}])
    assert answer(SHOP, routes, url="http://shop.example/old?q=1", headers=[("Host", host)]).location == location


def test_a_preflight_is_the_gateways_only_where_the_route_leads_to_backends():
    cors = {
        "corsPolicy": {"allowOrigins": [{"exact": "https://a.example"}], "allowMethods": ["PUT"], "maxAge": "1h30m"}
    }
    routes = [to("cart", prefix("/cart"), **cors), {"match": [prefix("/old")], "redirect": {"uri": "/"}, **cors}]
    headers = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "PUT")]
    documents = SHOP, virtual_service("shop", "shop.example", http=routes)
    found = answer(*documents, url="http://shop.example/cart", method="OPTIONS", headers=headers)
    assert (found.status, found.response_headers) == (
        200,
        {
            "access-control-allow-origin": "https://a.example",
            "access-control-allow-methods": "PUT",
            "access-control-max-age": "5400",
        },
    )
    assert answer(*documents, url="http://shop.example/old", method="OPTIONS", headers=headers).status == 301
    other = [("Origin", "https://b.example"), headers[1]]
    found = answer(*documents, url="http://shop.example/cart", method="OPTIONS", headers=other)
    assert (found.service, found.response_headers) == ("shop/cart", {})


def test_headers_are_removed_then_set_then_added_for_the_route_and_its_only_target_together():
    first = {"response": {"add": {"x-r": "added"}}, "request": {"remove": ["x-a"], "add": {"x-b": "2"}}}
    target = {
        "destination": {"host": "cart"},
        "headers": {"response": {"set": {"x-r": "set"}}, "request": {"set": {"Host": "in.example"}}},
    }
    routes = virtual_service("shop", "shop.example", http=[{"route": [target], "headers": first}])
    found = answer(SHOP, routes, headers=[("x-a", "1"), ("x-b", "1")])
    assert (found.request_headers, found.response_headers) == ({"x-a": None, "x-b": "1,2"}, {"x-r": "set,added"})
    assert found.host == "in.example"


def test_a_header_that_is_set_to_nothing_stays():
    headers = {"request": {"set": {"x-a": ""}, "add": {"x-b": ""}}, "response": {"set": {"x-r": ""}}}
    found = answer(SHOP, virtual_service("shop", "shop.example", http=[to("cart", headers=headers)]))
    assert (found.request_headers, found.response_headers) == ({}, {})


def test_weights_and_faults_give_shares():
    targets = [
        {"destination": {"host": host}, "weight": weight} for host, weight in (("cart", 30), ("site", 0), ("api", 90))
    ]
    fault = {"abort": {"httpStatus": 429, "percentage": {"value": 20.0}}}
    routes = virtual_service("shop", "shop.example", http=[{"route": targets, "fault": fault}])
    found = ask(SHOP, routes).answers
    assert [(one.status, one.service, round(one.share, 3)) for one in found] == [
        (429, "", 0.2), (None, "shop/cart", 0.2), (None, "shop/api", 0.6),
    ]  # fmt: skip


def test_an_injected_fault_is_a_step():
    fault = {
        "abort": {"httpStatus": 503, "percentage": {"value": 100}},
        "delay": {"fixedDelay": "9s", "percentage": {"value": 0.5}},
    }
    found = ask(SHOP, virtual_service("shop", "shop.example", http=[{**to("cart"), "fault": fault}]))
    assert [(one.path, one.says) for one in found.steps if "fault" in one.path] == [
        ("spec.http[0].fault.delay", "delays 0.005 of such requests by 9s"),
        ("spec.http[0].fault.abort", "ends it"),
    ]


@pytest.mark.parametrize(
    ("content_type", "path", "status", "told"),
    [
        ("application/grpc", "/none", 200, {"grpc-status": "12"}),
        ("application/grpc+proto", "/teapot", 200, {"grpc-status": "2"}),
        ("application/grpc", "/gone", 200, {"grpc-status": "14"}),
        ("application/grpc-web", "/none", 404, {}),
    ],
)
def test_a_grpc_client_gets_what_the_gateway_says_as_a_grpc_status(content_type, path, status, told):
    direct = {"match": [prefix("/teapot")], "directResponse": {"status": 418}}
    routes = virtual_service("shop", "shop.example", http=[direct, to("gone", prefix("/gone"))])
    found = answer(SHOP, routes, url=f"http://shop.example{path}", headers=[("content-type", content_type)])
    assert (found.status, found.response_headers) == (status, told)
