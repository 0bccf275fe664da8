"""VirtualServices whose hosts meet: when the order of their routes matters, and when a host hides another's routes."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, manifest, names, pods, route, virtual_service

REPEATED = "virtualservice-host-repeated: shop/b"
WEB = gateway("shop", http("*"))


def prefix(path, **more):
    return {"uri": {"prefix": path}, **more}


def pair(first, second, *others, hosts=("shop.example", "shop.example"), **options):
    """The findings of two VirtualServices with such matches; none takes everything."""
    services = [
        virtual_service(name, host, http=[route(f"to-{name}", *([match] if match else []))], **options)
        for name, host, match in zip("ab", hosts, (first, second), strict=True)
    ]
    return names(*others, *services)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (prefix("/cart"), prefix("/cart")),
        (prefix("/cart"), prefix("/cart/items")),
        (prefix("/cart/items"), prefix("/cart")),
        (prefix("/cart"), {"uri": {"exact": "/cart"}}),
        ({"uri": {"regex": "/c.*"}}, {"uri": {"exact": "/cart"}}),
        ({"uri": {"regex": "/c.*"}}, {"uri": {"regex": "/c.*"}}),
        (prefix("/cart"), prefix("/", headers={"x-tier": {"exact": "gold"}})),
        (prefix("/Cart", ignoreUriCase=True), prefix("/cart")),
        (None, None),
        (prefix("/"), None),
        (prefix("/cart", port=80), prefix("/cart")),
        (prefix("/cart", withoutHeaders={"x": {"exact": "a"}}), prefix("/cart", headers={"x": {"exact": "b"}})),
    ],
    ids=str,
)
def test_matches_that_share_requests_depend_on_the_order(first, second):
    assert pair(first, second, WEB) == [REPEATED]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (prefix("/cart"), prefix("/site")),
        (prefix("/cart"), None),
        (None, prefix("/cart")),
        ({"uri": {"exact": "/cart"}}, {"uri": {"exact": "/cart/"}}),
        ({"uri": {"regex": "/c.*"}}, {"uri": {"exact": "/site"}}),
        ({"uri": {"regex": "/c.*"}}, {"uri": {"regex": "/s.*"}}),
        (prefix("/cart", method={"exact": "GET"}), prefix("/cart", method={"exact": "POST"})),
        (prefix("/cart", port=80), prefix("/cart", port=8080)),
        (prefix("/cart", withoutHeaders={"x": {"exact": "a"}}), prefix("/cart", headers={"x": {"exact": "a"}})),
        (prefix("/cart", withoutHeaders={"x": {}}), prefix("/cart", headers={"x": {}})),
        (prefix("/cart", gateways=["other"]), prefix("/cart", gateways=["shop"])),
    ],
    ids=str,
)
def test_matches_that_share_no_request_or_that_istio_orders_do_not(first, second):
    found = pair(first, second, WEB, gateway("other", http("*", port=8080)), gateways=("shop", "other"))

    assert found == []


def test_both_matches_are_quoted():
    services = [
        virtual_service(name, "shop.example", http=[route(name, prefix(path))])
        for name, path in (("a", "/cart"), ("b", "/cart/items"))
    ]

    (finding,) = check(WEB, *services)

    assert finding.message == (
        "The host 'shop.example' has http routes in VirtualService shop/a too, on the Gateway shop/shop: "
        "(uri prefix /cart/items) here and (uri prefix /cart) there take the same requests, and the VirtualService "
        "that was created first answers them."
    )


def test_routes_that_do_the_same_may_come_in_any_order():
    same = [virtual_service(name, "shop.example", http=[route("cart", prefix("/cart"))]) for name in "ab"]

    assert names(WEB, *same) == []


def test_routes_that_no_listener_joins_do_not_meet():
    cart = prefix("/cart")

    assert pair(cart, cart, gateway("shop", http("blog.example"))) == [
        "virtualservice-host-unbound: shop/a",
        "virtualservice-host-unbound: shop/b",
    ]
    assert pair(cart, cart, gateway("shop", http("*")), hosts=("shop.example", "blog.example")) == []
    kept = gateway("shop", http("other/*"), http("./blog.example", port=81, name="b"))
    assert REPEATED not in pair(cart, cart, kept)


def test_routes_of_two_gateways_with_one_listener_meet():
    first = virtual_service("a", "shop.example", http=[route("a", prefix("/cart"))], gateways=("one",))
    second = virtual_service("b", "shop.example", http=[route("b", prefix("/cart"))], gateways=("two",))
    one, two = gateway("one", http("shop.example")), gateway("two", http("*"))

    assert names(one, two, first, second) == [REPEATED]
    assert names(one, gateway("two", http("*"), selector={"istio": "other"}), first, second) == []
    assert names(one, gateway("two", http("*", port=8080)), first, second) == []
    assert names(gateway("one", https("shop.example")), gateway("two", https("*.example")), first, second)[-1:] != [
        REPEATED
    ]


def test_a_virtualservice_that_is_not_exported_to_the_pods_meets_nobody():
    hidden = {"exportTo": ["."]}
    services = [
        virtual_service(name, "shop.example", http=[route(name, prefix("/cart"))], **(hidden if name == "b" else {}))
        for name in "ab"
    ]

    assert names(WEB, pods(istio="ingressgateway"), *services) == ["virtualservice-hidden: shop/b"]


def test_routes_for_different_ports_or_server_names_do_not_meet():
    ports = [
        {"port": {"number": number, "name": f"p{number}", "protocol": "TCP"}, "hosts": ["*"]} for number in (9001, 9002)
    ]
    tcp = [virtual_service(name, "*", tcp=[route(name, {"port": port})]) for name, port in (("a", 9001), ("b", 9002))]
    both = [virtual_service(name, "*", tcp=[route(name, {"port": 9001})]) for name in "ab"]

    assert names(gateway("shop", *ports), *tcp) == []
    assert names(gateway("shop", *ports), *both) == [REPEATED]

    shut = gateway("shop", https("*.example", mode="PASSTHROUGH", credentialName=""))
    sni = [
        virtual_service(name, "*.example", tls=[route(name, {"sniHosts": [host]})])
        for name, host in (("a", "a.example"), ("b", "b.example"))
    ]
    assert names(shut, *sni) == []


def test_copies_of_one_object_are_one_object_and_versions_only_repeated():
    shop = virtual_service("a", "shop.example", http=[route("a", prefix("/cart"))])
    later = virtual_service("a", "shop.example", http=[route("b", prefix("/cart"))])

    assert names(WEB, WEB, shop, shop) == []
    assert names(WEB, gateway("shop", http("shop.example")), shop, later) == [
        "resource-repeated: shop/shop",
        "resource-repeated: shop/a",
    ]


def test_a_patch_of_kustomize_is_no_object():
    patch = {**gateway("shop"), "$patch": "delete"}

    assert names(patch) == []
    assert names(manifest("Gateway", "shop", {"$patch": "replace", "servers": []})) == []


def hides(wide, narrow, hosts=("*.shop.example", "www.shop.example")):
    found = pair(wide, narrow, gateway("shop", http("*.shop.example")), hosts=hosts)
    return [one.partition(":")[0] for one in found]


def test_an_exact_host_hides_the_routes_of_a_wildcard():
    assert hides(prefix("/api"), prefix("/ui")) == ["wildcard-routes-hidden"]
    assert hides(prefix("/api/v1"), prefix("/api")) == []
    assert hides(prefix("/api"), None) == []
    assert hides(None, prefix("/ui")) == []
    assert hides(prefix("/api"), prefix("/ui"), hosts=("*.shop.example", "*.shop.example")) == []
