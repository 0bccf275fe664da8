"""What answers, in the cases that surprise; `tests/e2e/test_walker.py` holds all of it against the gateway."""

import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.walk import ClientCertificate, Knowledge, Request, World, walk
from tests.unit.rules.build import gateway, http, https, manifest, pods, route, secret, service, virtual_service

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


def test_a_destination_without_a_port_takes_the_services_only_one_else_the_listeners_number():
    single, double = service("single", (8000, 8080)), service("double", (8000, 1), (80, 2))
    routes = virtual_service("shop", "shop.example", http=[to("single", prefix("/one")), to("double"), to("none")])
    assert answer(SHOP, single, double, routes, url="http://shop.example/one").port == 8000
    assert answer(SHOP, single, double, routes).port == 80


def test_one_https_redirect_redirects_a_host_on_every_gateway_of_the_port():
    plain = gateway("z", http("shop.example", "site.example"), **at(1))
    redirecting = gateway("a", http("shop.example", tls={"httpsRedirect": True}), **at(2))
    routes = virtual_service("shop", "shop.example", "site.example", gateways=("z",), http=[to("cart")])
    found = answer(plain, redirecting, routes, url="http://shop.example/x?y=1", headers=[("Host", "shop.example:8080")])
    assert (found.status, found.location) == (301, "https://shop.example:8080/x?y=1")
    assert answer(plain, redirecting, routes, url="http://site.example/").service == "shop/cart"


def test_a_tls_server_that_repeats_a_host_is_left_out_whole():
    old = gateway("z", https("shop.example"), **at(1))
    new = gateway("a", https("shop.example", "blog.example"), **at(2))
    routes = virtual_service("shop", "shop.example", "blog.example", gateways=("a",), http=[to("cart")])
    assert answer(old, new, SERVED, routes, url="https://shop.example/").status == 404
    assert answer(old, new, SERVED, routes, url="https://blog.example/").refused == "handshake"


def test_which_of_two_is_older_decides_and_is_not_known():
    one = virtual_service("one", "shop.example", http=[to("cart", prefix("/x"))])
    other = virtual_service("other", "shop.example", http=[to("site", prefix("/x")), to("api", prefix("/y"))])
    result = ask(SHOP, one, other, url="http://shop.example/x")
    assert (result.exit_code, result.answers) == (2, ())
    assert result.unknown == (
        "VirtualService shop/one and VirtualService shop/other both take it, and it is not known which is older"
    )
    assert answer(SHOP, one, other, url="http://shop.example/y").service == "shop/api"


def test_two_servers_that_exclude_each_other_and_no_age():
    one, other = gateway("one", https("shop.example")), gateway("other", https("shop.example"))
    result = ask(one, other, SERVED, url="https://shop.example/")
    assert "exclude each other, and it is not known which is older" in result.unknown


def test_http_beside_an_older_https_server_on_one_port():
    secure, plain = gateway("a", https("shop.example"), **at(1)), gateway("b", http("shop.example", port=443), **at(2))
    routes = virtual_service("shop", "shop.example", gateways=("a", "b"), http=[to("cart")])
    assert answer(secure, plain, SERVED, routes, url="http://shop.example:443/").service == "shop/cart"
    assert answer(secure, plain, SERVED, routes, url="https://shop.example/").service == "shop/cart"
    younger = gateway("c", https("shop.example"), **at(3))
    assert answer(plain, younger, SERVED, routes, url="https://shop.example/").refused == "handshake"


def test_sni_chooses_the_server_and_host_its_routes():
    servers = (
        https("a.example", name="a", credentialName="shop.example"),
        https("b.example", name="b", credentialName="shop.example"),
    )
    routes = virtual_service("shop", "a.example", "b.example", http=[to("cart")])
    shop = gateway("shop", *servers)
    assert answer(shop, SERVED, routes, url="https://a.example/").service == "shop/cart"
    assert answer(shop, SERVED, routes, url="https://b.example/", sni="a.example").status == 404
    assert answer(shop, SERVED, routes, url="https://a.example/", sni="").refused == "handshake"
    assert answer(shop, SERVED, routes, url="http://a.example:443/").refused == "connection"


def test_no_secret_no_handshake():
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert answer(gateway("shop", https("shop.example")), routes, url="https://shop.example/").refused == "handshake"


@pytest.mark.parametrize(
    ("mode", "more", "shown", "refused"),
    [
        ("MUTUAL", {}, ClientCertificate.NONE, "handshake"),
        ("MUTUAL", {}, ClientCertificate.TRUSTED, ""),
        ("MUTUAL", {}, ClientCertificate.UNTRUSTED, "handshake"),
        ("OPTIONAL_MUTUAL", {}, ClientCertificate.NONE, ""),
        ("OPTIONAL_MUTUAL", {}, ClientCertificate.UNTRUSTED, "handshake"),
        ("OPTIONAL_MUTUAL", {"subjectAltNames": ["client.example"]}, ClientCertificate.NONE, "handshake"),
        ("OPTIONAL_MUTUAL", {"verifyCertificateHash": ["ab" * 32]}, ClientCertificate.NONE, "handshake"),
    ],
)
def test_client_certificates(mode, more, shown, refused):
    shop = gateway("shop", https("shop.example", mode=mode, **more))
    known = secret("shop.example", tls_crt="certificate", tls_key="key", ca_crt="bundle")
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert answer(shop, known, routes, url="https://shop.example/", client_certificate=shown).refused == refused


def test_a_passed_through_connection_goes_by_sni_to_a_backend_that_sees_everything():
    server = https("shop.example", mode="PASSTHROUGH")
    tls = [
        {
            "match": [{"sniHosts": ["shop.example"]}],
            "route": [{"destination": {"host": "cart", "port": {"number": 80}}}],
        }
    ]
    found = answer(
        gateway("shop", server), virtual_service("shop", "shop.example", tls=tls), url="https://shop.example/a/../b"
    )
    assert (found.service, found.path) == ("shop/cart", "/a/../b")


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


def test_a_service_without_tcp_ports_has_none_of_them():
    udp = manifest("Service", "cart", {"ports": [{"name": "dns", "port": 8000, "protocol": "UDP"}]})
    target = {"destination": {"host": "cart", "port": {"number": 8000}}}
    steps = ask(SHOP, udp, virtual_service("shop", "shop.example", http=[{"route": [target]}])).steps
    assert steps[-1].says == "has no port 8000 for TCP"


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


def test_subsets_come_from_the_rule_that_the_gateway_sees():
    rule = manifest(
        "DestinationRule", "cart", {"host": "cart", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}
    )
    target = {"destination": {"host": "cart", "subset": "v1"}}
    routes = virtual_service("shop", "shop.example", http=[{"route": [target]}])
    assert answer(SHOP, rule, routes).subset == "v1"
    capitals = {**rule, "spec": {**rule["spec"], "host": "Cart"}}
    assert answer(SHOP, capitals, routes).status == 503
    private = {**rule, "spec": {**rule["spec"], "exportTo": ["."]}}
    assert answer(SHOP, private, routes).status == 503
    assert answer(SHOP, rule, routes, pods("shop", app="cart", version="v2")).status == 503
    assert answer(SHOP, rule, routes, pods("shop", app="cart", version="v1")).subset == "v1"


def test_who_is_exported_to():
    routes = [
        virtual_service("own", "a.shop.example", exportTo=["."]),
        virtual_service("theirs", "b.shop.example", exportTo=["istio-system"]),
    ]
    assert answer(SHOP, *routes, url="http://a.shop.example/").status == 404
    assert answer(SHOP, *routes, url="http://b.shop.example/").service == "shop/cart"


def test_a_gateway_that_is_among_the_manifests_is_not_taken_for_another():
    edge = pods("edge", app="edge", istio="ingressgateway")
    before = service("edge", (80, 8080), namespace="edge", selector={"app": "edge"})
    routes = virtual_service("shop", "shop.example", exportTo=["edge"], http=[to("cart")])
    assert answer(SHOP, edge, before, routes).service == "shop/cart"
    assert answer(SHOP, edge, before, routes, url="http://shop.example:81/").refused == "connection"


def test_several_gateways_that_disagree():
    one, other = pods("one", app="one", istio="ingressgateway"), pods("other", app="other", istio="ingressgateway")
    routes = [
        virtual_service("one", "shop.example", exportTo=["one"], http=[to("cart")]),
        virtual_service("other", "shop.example", exportTo=["other"], http=[to("site")]),
    ]
    assert "it is not known which of them is asked" in ask(SHOP, one, other, *routes).unknown
    assert answer(SHOP, one, other, routes[0]).service == "shop/cart"


@pytest.mark.parametrize(
    ("routes", "url", "unknown"),
    [
        ([to("cart", {"uri": {"prefix": UNKNOWN}})], "/x", "spec.http[0].match[0].uri.prefix is not known yet"),
        ([to("cart", {"uri": {"regex": "/[[:alpha:]]+"}})], "/x", "is one that only the gateway can read"),
        ([to("cart", {"headers": {"x-request-id": {"exact": "1"}}})], "/x", "which the gateway writes itself"),
    ],
)
def test_what_is_not_known_is_said(routes, url, unknown):
    result = ask(SHOP, virtual_service("shop", "shop.example", http=routes), url=f"http://shop.example{url}")
    assert (result.exit_code, result.answers) == (2, ())
    assert unknown in result.unknown


def test_what_is_not_known_and_does_not_matter():
    match = {"headers": {"x-a": {"exact": UNKNOWN}}, **prefix("/other")}
    routes = virtual_service("shop", "shop.example", http=[to("site", match), to("cart")])
    assert answer(SHOP, routes, virtual_service("else", "else.example", http=[to(UNKNOWN)])).service == "shop/cart"


def test_a_service_that_is_declared_elsewhere():
    routes = virtual_service("shop", "shop.example", http=[to("elsewhere")])
    assert answer(SHOP, routes).status == 503
    unknown = ask(SHOP, routes, knowledge=Knowledge(complete=False)).unknown
    assert unknown == "the Service elsewhere.shop.svc.cluster.local is not among what was read"


@pytest.mark.parametrize("kind", ["RequestAuthentication", "EnvoyFilter"])
def test_what_is_not_walked_and_is_for_the_gateway(kind):
    policy = {"apiVersion": "x/v1", "kind": kind, "metadata": {"name": "p", "namespace": "istio-system"}, "spec": {}}
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert ask(SHOP, routes, policy).exit_code == 2
    policy["metadata"]["namespace"] = "shop"
    assert ask(SHOP, routes, policy).exit_code == 0


def policy(action, *rules, namespace="istio-system", **labels):
    spec = {"action": action, "rules": list(rules), **({"selector": {"matchLabels": labels}} if labels else {})}
    return {**manifest("AuthorizationPolicy", action.lower(), spec, namespace), "apiVersion": "security.istio.io/v1"}


def operations(*some, **more):
    return {"to": [{"operation": one} for one in some], **more}


@pytest.mark.parametrize(
    ("policies", "statuses"),
    [
        ([policy("DENY", operations({"hosts": ["SHOP.example", "shop.example:*"]}))], [403, 403, 403]),
        ([policy("DENY", operations({"paths": ["/admin*"], "notMethods": ["GET"]}))], [None, None, 403]),
        (
            [policy("DENY", operations({"ports": ["8080"]}, when=[{"key": "request.headers[x-a]", "values": ["1"]}]))],
            [None, 403, None],
        ),
        ([policy("DENY")], [None, None, None]),
        ([policy("ALLOW", operations({"paths": ["/"]}))], [None, 403, 403]),
        (
            [
                policy("ALLOW", operations({"methods": ["POST"]}, {"paths": ["*/x"]})),
                policy("DENY", {"when": []}, site="b"),
            ],
            [403, 403, None],
        ),
        ([policy("ALLOW")], [403, 403, 403]),
        ([policy("ALLOW", namespace="shop")], [None, None, None]),
    ],
)
def test_a_policy_refuses_before_any_route_is_asked(policies, statuses):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    asked = [
        {},
        {"url": "http://shop.example/admin", "headers": [("x-a", "1")]},
        {"url": "http://shop.example/admin", "method": "POST"},
    ]
    assert [answer(SHOP, routes, *policies, **one).status for one in asked] == statuses


@pytest.mark.parametrize("action", ["DENY", "ALLOW", "CUSTOM"])
def test_who_the_client_is_is_not_known(action):
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    rule = operations({"paths": ["/admin"]}, **{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]})
    assert ask(SHOP, routes, policy(action, rule), url="http://shop.example/admin").exit_code == 2
    assert ask(SHOP, routes, policy(action, rule)).exit_code == (1 if action == "ALLOW" else 0)


def test_a_host_of_an_ingress_or_of_the_gateway_api():
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    ingress = manifest("Ingress", "i", {"ingressClassName": "istio", "rules": [{"host": "shop.example"}]})
    assert ask(SHOP, routes, ingress).unknown == "Ingress shop/i has routes for shop.example, which are not walked"
    ingress["spec"]["ingressClassName"] = "nginx"
    assert answer(SHOP, routes, ingress).service == "shop/cart"
    http_route = manifest("HTTPRoute", "h", {"hostnames": ["*.shop.example"]})
    assert answer(SHOP, routes, http_route).service == "shop/cart"
    assert ask(SHOP, routes, http_route, url="http://a.shop.example/").exit_code == 2


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


def test_a_wildcard_for_a_part_of_a_label_is_longer_than_the_one_for_the_whole():
    everybody = gateway("shop", http("*.example"))
    hosts = {"*.shop.example": "site", "*-web.shop.example": "cart", "*b.shop.example": "api"}
    routes = [virtual_service(backend, host, http=[to(backend)]) for host, backend in hosts.items()]
    answers = {"a-web": "shop/cart", "x.a-web": "shop/cart", "web": "shop/api", "b": "shop/site", "-web": "shop/api"}
    for name, backend in answers.items():
        assert answer(everybody, *routes, url=f"http://{name}.shop.example/").service == backend


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


@pytest.mark.parametrize("host", ["Cart", "CART.shop.svc.cluster.local"])
def test_a_destination_in_upper_case_is_nobodys(host):
    assert answer(SHOP, virtual_service("shop", "shop.example", http=[to(host)])).status == 503


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
