"""Which routes never answer, and where routes lead."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, manifest, names, route, service, virtual_service


def uri(**how):
    return {"uri": how}


def dead(*matches_of_routes):
    routes = [route("cart", *matches) for matches in matches_of_routes]
    return [finding.path for finding in check(virtual_service("shop", "shop.example", http=routes))]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (uri(prefix="/"), uri(prefix="/cart")),
        (uri(prefix="/"), uri(exact="/cart")),
        (uri(prefix="/cart"), uri(prefix="/cart")),
        (uri(prefix="/cart"), uri(prefix="/cart/items")),
        (uri(prefix="/cart"), uri(exact="/cart")),
        (uri(regex=".*"), uri(exact="/cart")),
        (uri(exact="/cart"), {**uri(exact="/cart"), "method": {"exact": "GET"}}),
        (uri(regex="/c.*"), uri(regex="/c.*")),
        ({"headers": {"X-User": {}}}, {"headers": {"x-user": {"exact": "ann"}}}),
        ({"headers": {"x-user": {"prefix": "a"}}}, {**uri(prefix="/"), "headers": {"x-user": {"exact": "ann"}}}),
        ({**uri(prefix="/Cart"), "ignoreUriCase": True}, {**uri(exact="/cart/X"), "ignoreUriCase": True}),
        ({**uri(prefix="/Cart"), "ignoreUriCase": True}, uri(exact="/cart/X")),
        (uri(regex="/.*"), uri(prefix="/cart")),
        (uri(regex="/.*"), {"headers": {"x": {}}}),
        ({"port": 443}, {"port": 443, **uri(prefix="/a")}),
        ({"name": "one", **uri(prefix="/a")}, {"name": "two", **uri(prefix="/a")}),
        (
            {**uri(prefix="/a"), "queryParams": {"v": {"exact": "1"}}},
            {**uri(exact="/a/b"), "queryParams": {"v": {"exact": "1"}}},
        ),
    ],
    ids=str,
)
def test_a_route_behind_a_wider_one_never_answers(first, second):
    assert dead([first], [second]) == ["spec.http[1]"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (uri(prefix="/cart"), uri(prefix="/")),
        (uri(prefix="/cart/"), uri(exact="/cart")),
        (uri(exact="/cart"), uri(prefix="/cart")),
        (uri(regex="/c.*"), uri(prefix="/cart")),
        (uri(prefix="/c"), uri(regex="/cart.*")),
        ({**uri(prefix="/C"), "ignoreUriCase": True}, uri(regex="/cart.*")),
        ({**uri(prefix="/"), "method": {"exact": "GET"}}, uri(prefix="/cart")),
        ({**uri(prefix="/"), "method": {"exact": "GET"}}, {**uri(prefix="/"), "method": {"exact": "POST"}}),
        ({**uri(prefix="/"), "port": 80}, {**uri(prefix="/"), "port": 443}),
        ({**uri(prefix="/a"), "sourceLabels": {"app": "x"}}, uri(prefix="/a")),
        (uri(prefix="/cart"), {**uri(prefix="/cart"), "ignoreUriCase": True}),
        (uri(prefix="/Cart"), uri(exact="/cart/x")),
        ({"headers": {"x": {"exact": "a"}}}, {"headers": {"x": {"exact": "A"}}}),
        ({**uri(prefix="/a"), "withoutHeaders": {"x": {}}}, uri(prefix="/a")),
    ],
    ids=str,
)
def test_a_route_that_takes_something_more_answers(first, second):
    assert dead([first], [second]) == []


def test_a_route_for_the_mesh_leaves_those_of_the_gateway():
    routes = [route("cart", {**uri(prefix="/a"), "gateways": ["mesh"]}), route("cart", uri(prefix="/a"))]

    assert names(virtual_service("shop", "shop.example", gateways=("shop", "mesh"), http=routes)) == []


@pytest.mark.parametrize(
    ("first", "second", "is_dead"),
    [
        ({"prefix": "a"}, {"prefix": "ab"}, False),
        ({"prefix": "ab"}, {"prefix": "a"}, True),
        ({"exact": "no"}, {}, True),
        ({"exact": ""}, {}, False),
        ({}, {"exact": "no"}, False),
        ({"regex": "*"}, {}, True),
        ({"exact": "a"}, {"exact": "b"}, False),
    ],
)
def test_what_a_header_must_not_be_is_judged_the_other_way_round(first, second, is_dead):
    without = [{"withoutHeaders": {"x-beta": header}} for header in (first, second)]

    assert dead([without[0]], [without[1]]) == (["spec.http[1]"] if is_dead else [])


def test_a_header_that_is_another_value_is_not_the_one_that_is_excluded():
    excluded = {"withoutHeaders": {"x-beta": {"exact": "no"}}}

    assert dead([excluded], [{"headers": {"x-beta": {"exact": "yes"}}}]) == ["spec.http[1]"]
    assert dead([excluded], [{"headers": {"x-beta": {"prefix": "n"}}}]) == []


def test_a_route_without_a_match_takes_everything():
    assert dead([], [uri(prefix="/cart")]) == ["spec.http[1]"]


def test_one_of_several_matches_that_is_taken_is_told_by_itself():
    assert dead([uri(prefix="/a")], [uri(prefix="/a/b"), uri(prefix="/c")]) == ["spec.http[1].match[0]"]


def test_matches_of_the_same_route_do_not_shadow_each_other():
    assert dead([uri(prefix="/"), uri(exact="/cart")]) == []


def test_the_route_that_takes_it_is_quoted():
    routes = [route("cart", uri(prefix="/a")), route("cart", {**uri(prefix="/a/b"), "method": {"exact": "GET"}})]

    (finding,) = check(virtual_service("shop", "shop.example", http=routes))

    assert finding.message == (
        "This route (uri prefix /a/b and method exact GET) never answers: http[0] (uri prefix /a) takes it first."
    )


def passthrough(*snis, hosts=("shop.example",)):
    routes = [route("cart", {"port": 443, "sniHosts": list(sni)}) for sni in snis]
    return names(virtual_service("shop", *hosts, tls=routes))


def test_sni_hosts_are_among_the_hosts_or_under_their_wildcards():
    assert passthrough(["shop.example"]) == []
    assert passthrough(["www.shop.example"], hosts=("*.shop.example",)) == []
    assert passthrough(["www.shop.example"]) == ["tls-route-outside-hosts: shop/shop"]
    assert passthrough(["*.shop.example"], hosts=("www.shop.example",)) == ["tls-route-outside-hosts: shop/shop"]
    assert passthrough([]) == ["tls-route-without-sni: shop/shop"]


def test_sni_hosts_of_routes_for_different_gateways_do_not_shadow_each_other():
    sni = {"sniHosts": ["shop.example"]}
    routes = [route("cart", {**sni, "gateways": ["one"]}), route("cart", {**sni, "gateways": ["two"]})]

    assert names(virtual_service("shop", "shop.example", gateways=("one", "two"), tls=routes)) == []


def test_an_sni_host_that_an_earlier_route_has_is_dead_but_a_narrower_one_is_not():
    assert passthrough(["shop.example"], ["shop.example"]) == ["route-unreachable: shop/shop"]
    assert passthrough(["*.shop.example"], ["www.shop.example"], hosts=("*.shop.example",)) == []


def leads(host, *others, port=0, **settings):
    bound = virtual_service("shop", "shop.example", "cart", gateways=("mesh",), http=[route(host, port=port)])
    return names(bound, *others, **settings)


CART = service("cart", (8000, 8080))


def test_a_service_is_found_by_its_short_and_by_its_full_name():
    assert leads("cart", CART) == []
    assert leads("cart.shop.svc.cluster.local", CART) == []
    assert leads("cart.shop.svc.example.net", CART, cluster_domain="example.net") == []


def test_a_service_that_the_files_do_not_hold_is_missing_only_where_they_hold_everything():
    assert leads("site", CART) == []
    assert leads("site", CART, complete=True) == ["route-service-missing: shop/shop"]


@pytest.mark.parametrize(
    ("name", "is_near"),
    [
        ("card", True),
        ("acrt", True),
        ("crt", True),
        ("cartt", True),
        ("cart2", False),
        ("cord", False),
        ("site", False),
    ],
)
def test_a_service_whose_name_is_one_letter_off_may_be_meant(name, is_near):
    assert leads(name, CART) == (["route-service-misspelt: shop/shop"] if is_near else [])
    assert leads(name, service(name, (8000, 8080)), CART) == []


def test_a_service_in_upper_case_is_another_one():
    assert leads("CART.shop.svc.cluster.local", CART) == ["route-host-case: shop/shop"]
    assert leads("cartService", CART, complete=True) == ["route-host-case: shop/shop"]
    assert leads("API.bank.example", CART) == []


def test_a_full_name_is_that_of_its_namespace():
    assert leads("cart.blog.svc.cluster.local", CART) == []
    assert leads("cart.blog.svc.cluster.local", CART, complete=True) == ["route-service-missing: shop/shop"]


def test_a_name_that_only_begins_like_a_service_is_none():
    assert leads("cart.shop.example", CART) == []
    assert leads("cart.shop.svc.example", CART) == []


@pytest.mark.parametrize("host", ["cart.shop", "cart.shop.svc"])
def test_half_a_name_is_no_service(host):
    (finding,) = check(virtual_service("shop", "shop.example", http=[route(host)]), CART)

    assert finding.rule == "route-service-missing"
    assert finding.remedy == "Write 'cart.shop.svc.cluster.local'."


def test_a_host_outside_the_cluster_may_be_a_service_entry():
    entry = manifest(
        "ServiceEntry", "api", {"hosts": ["*.api.example"], "ports": [{"name": "tls", "number": 443}]}, "egress"
    )

    assert leads("v1.api.example", entry, complete=True) == []
    assert leads("v1.api.example", entry, port=80) == ["route-port-missing: shop/shop"]
    assert leads("v1.api.example", complete=True) == ["route-service-missing: shop/shop"]
    assert leads("v1.api.example") == []


@pytest.mark.parametrize(
    ("exported", "seen"), [([], True), (["*"], True), (["shop"], True), (["."], False), (["blog"], False)]
)
def test_a_service_entry_counts_where_it_is_exported_to(exported, seen):
    entry = manifest("ServiceEntry", "api", {"hosts": ["api.example"], "exportTo": exported}, "egress")

    assert leads("api.example", entry, complete=True) == ([] if seen else ["route-service-missing: shop/shop"])
    entry["metadata"]["namespace"] = "shop"
    assert leads("api.example", entry, complete=True) == (
        ["route-service-missing: shop/shop"] if exported == ["blog"] else []
    )


def test_the_port_is_the_services_and_not_the_containers():
    (finding,) = check(virtual_service("shop", "shop.example", http=[route("cart", port=8080)]), CART)

    assert finding.rule == "route-port-missing"
    assert finding.message == "The port is 8080, and 'cart' has 8000; 8080 is the target port behind 8000."
    assert finding.remedy == "Use 8000."


def test_a_gateway_in_another_namespace_is_named_with_it():
    elsewhere = gateway("shop", http("shop.example"), namespace="gateways")
    beside = gateway("other", http("blog.example"))

    assert names(virtual_service("shop", "shop.example", gateways=("gateways/shop",)), elsewhere, beside) == []
    assert names(virtual_service("shop", "shop.example"), elsewhere, beside) == []
    assert "virtualservice-gateway-missing: shop/shop" in names(
        virtual_service("shop", "shop.example"), beside, complete=True
    )
    (finding,) = check(virtual_service("shop", "shop.example"), elsewhere)
    assert finding.message == "'shop' means shop/shop, which is not here, and gateways/shop is."
    assert finding.remedy == "Write 'gateways/shop'."
    assert names(virtual_service("shop", "blog.example"), elsewhere) == []


def test_a_gateway_whose_name_is_one_letter_off_may_be_meant():
    assert names(virtual_service("shop", "shop.example"), gateway("shp", http("shop.example"))) == [
        "virtualservice-gateway-misspelt: shop/shop"
    ]
    assert names(virtual_service("shop", "shop.example"), gateway("shop-internal", http("shop.example"))) == []


def test_a_gateway_of_the_gateway_api_is_told_from_those_of_istio():
    other = {**manifest("Gateway", "shop", {"listeners": []}), "apiVersion": "gateway.networking.k8s.io/v1"}

    (finding,) = check(virtual_service("shop", "shop.example"), other)

    assert finding.message == "shop/shop is a Gateway of the Gateway API, which a VirtualService cannot be bound to."
    assert names(virtual_service("shop", "shop.example"), other, gateway("shop", http("shop.example"))) == []


def test_a_gateway_host_can_be_kept_for_one_namespace():
    scoped = gateway("shop", http("./shop.example"), namespace="gateways")
    bound = {"gateways": ("gateways/shop",)}

    assert names(scoped, virtual_service("shop", "shop.example", namespace="gateways")) == []
    assert names(scoped, virtual_service("shop", "shop.example", **bound)) == ["virtualservice-host-unbound: shop/shop"]


def test_hosts_inside_the_mesh_need_not_be_on_the_gateway():
    both = virtual_service("shop", "shop.example", "cart", gateways=("shop", "mesh"))

    assert names(gateway("shop", http("shop.example")), both) == []


def test_two_virtualservices_for_one_host_may_hold_routes_of_different_kinds():
    web = virtual_service("web", "shop.example")
    sni = virtual_service("sni", "shop.example", tls=[route("cart", {"sniHosts": ["shop.example"]})])

    assert names(web, sni) == []
    assert names(web, virtual_service("api", "SHOP.example", http=[route("api")])) == [
        "virtualservice-host-repeated: shop/api"
    ]


def test_http_routes_do_not_count_behind_passthrough_and_tls_routes_not_before():
    open_, shut = https("shop.example"), https("shop.example", mode="PASSTHROUGH", credentialName="")
    sni = virtual_service("shop", "shop.example", tls=[route("cart", {"sniHosts": ["shop.example"]})])

    assert names(gateway("shop", shut), virtual_service("shop", "shop.example")) == ["route-kind-unused: shop/shop"]
    assert names(gateway("shop", open_), sni) == ["route-kind-unused: shop/shop"]
    assert names(gateway("shop", shut), sni) == []
    assert (
        names(gateway("shop", {**shut, "tls": {"mode": "AUTO_PASSTHROUGH"}}), virtual_service("shop", "shop.example"))
        == []
    )
    assert names(gateway("shop", shut), virtual_service("shop", "blog.example"))[0].startswith("virtualservice-host")
    assert names(gateway("shop", shut), virtual_service("shop", "shop.example", gateways=("shop", "mesh"))) == []
    assert names(gateway("shop", shut, http("shop.example")), virtual_service("shop", "shop.example")) == []
