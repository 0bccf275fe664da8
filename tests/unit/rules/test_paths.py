"""Matches that no request meets, redirects, rewrites."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, manifest, names, virtual_service
from tests.unit.rules.shop import WEB, prefix, rule_names, shop, to


@pytest.mark.parametrize(
    ("match", "is_possible"),
    [
        ({"uri": {"prefix": "api"}}, False),
        ({"uri": {"exact": "/api?x=1"}}, False),
        ({"uri": {"prefix": "/a b"}}, False),
        ({"uri": {"prefix": "/a/../b"}}, False),
        ({"uri": {"exact": "/a/."}}, False),
        ({"uri": {"prefix": "/."}}, True),
        ({"uri": {"prefix": "/.well-known"}}, True),
        ({"uri": {"exact": "/a...b//c%20d"}}, True),
        ({"uri": {"regex": "api/.*"}}, False),
        ({"uri": {"regex": "(?i)/api"}}, True),
        ({"uri": {"regex": "a*/.*"}}, True),
        ({"uri": {"regex": "api|/.*"}}, True),
        ({"uri": {"regex": r"\\/api"}}, True),
        ({"method": {"exact": "get"}}, False),
        ({"method": {"exact": "report"}}, True),
    ],
)
def test_matches_that_no_request_meets(match, is_possible):
    assert rule_names(shop(to("cart", match))) == ([] if is_possible else ["match-impossible"])


@pytest.mark.parametrize(
    ("match", "redirect", "is_loop"),
    [
        (prefix("/a"), {"uri": "/a/b"}, True),
        (prefix("/a"), {"uri": "/b"}, False),
        (prefix("/a"), {"uri": "/a", "authority": "b.example"}, False),
        ({"uri": {"exact": "/a"}}, {"uri": "/a/"}, False),
        (prefix("/a", method={"exact": "GET"}), {"uri": "/a/b"}, False),
        (prefix("/"), {"uri": "/home"}, True),
        (prefix("/"), {"uri": "home"}, False),
        (prefix("/"), {"uri": "/home", "authority": "b.example"}, False),
        (prefix("/", port=80), {"uri": "/home", "scheme": "https"}, False),
        (prefix("/a"), {"authority": "Shop.example"}, True),
        (prefix("/a"), {"authority": "shop.example", "uri": "/b"}, False),
        (prefix("/a"), {"authority": "shop.example", "port": 8080}, False),
        (prefix("/a", port=80), {"authority": "shop.example", "scheme": "https"}, False),
        (prefix("/a"), {"authority": "shop.example", "scheme": "https"}, True),
        (prefix("/a"), {"scheme": "https"}, True),
        (prefix("/a", port=80), {"scheme": "https"}, False),
        (prefix("/a", scheme={"exact": "http"}), {"scheme": "https"}, False),
        (prefix("/a"), {"scheme": "https", "uri": "/b"}, False),
        (prefix("/a"), {"scheme": "https", "port": 8443}, False),
    ],
)
def test_redirects_to_themselves(match, redirect, is_loop):
    both = gateway("shop", http("shop.example"), https("shop.example"))
    found = rule_names(shop({"match": [match], "redirect": redirect}), both)
    assert found == (["redirect-loop"] if is_loop else [])


def test_a_redirect_to_what_an_earlier_route_takes_is_no_loop():
    home = to("cart", {"uri": {"exact": "/a/home"}})
    redirect = {"match": [prefix("/a")], "redirect": {"uri": "/a/home"}}
    assert rule_names(shop(home, redirect)) == []
    assert rule_names(shop(redirect)) == ["redirect-loop"]
    plain = shop({"match": [prefix("/a")], "redirect": {"scheme": "https"}})
    assert rule_names(plain, WEB) == []


@pytest.mark.parametrize("uri", ["/home", "/home?new", "/home#new"])
@pytest.mark.parametrize(
    "home",
    [{"uri": {"exact": "/home"}}, {"uri": {"regex": "/(home|cart).*"}}, prefix("/home", headers={"a": {"exact": "b"}})],
)
def test_a_catch_all_that_redirects_is_a_loop_unless_an_earlier_route_may_take_it(home, uri):
    away = {"redirect": {"uri": uri}}

    assert rule_names(shop(away), WEB) == ["redirect-loop"]
    assert rule_names(shop(to("cart", prefix("/cart")), away), WEB) == ["redirect-loop"]
    assert rule_names(shop(to("cart", home), away), WEB) == []


def test_another_virtualservice_of_the_host_may_take_what_a_redirect_leads_to():
    away = shop({"redirect": {"uri": "/home"}})

    def other(path, host="shop.example"):
        return virtual_service("other", host, http=[to("cart", prefix(path))])

    assert "redirect-loop" not in rule_names(away, WEB, other("/home"))
    assert "redirect-loop" in rule_names(away, WEB, other("/cart"))
    assert "redirect-loop" in rule_names(away, WEB, other("/home", "blog.example"))


def test_a_delegate_that_redirects_everything_takes_only_what_it_is_given():
    root = virtual_service(
        "shop", "shop.example", http=[{"match": [prefix("/old")], "delegate": {"name": "old", "namespace": "shop"}}]
    )
    delegate = manifest("VirtualService", "old", {"http": [{"redirect": {"uri": "/home"}}]})
    assert rule_names(root, delegate, WEB) == []


@pytest.mark.parametrize(
    ("server", "redirect", "is_loop"),
    [
        (http("shop.example"), {"authority": "shop.example"}, True),
        (https("shop.example"), {"authority": "shop.example"}, True),
        (http("shop.example"), {"authority": "shop.example", "port": 80}, True),
        (http("shop.example"), {"authority": "shop.example", "scheme": "https"}, False),
        (http("shop.example", port=8080), {"authority": "shop.example"}, False),
        (http("shop.example", tls={"httpsRedirect": True}), {"authority": "shop.example"}, False),
        (http("shop.example"), {"authority": "www.shop.example"}, False),
    ],
)
def test_a_redirect_to_its_own_host_is_a_loop_on_the_usual_port(server, redirect, is_loop):
    found = rule_names(shop({"redirect": redirect}), gateway("shop", server))
    assert ("redirect-loop" in found) == is_loop


def test_a_redirect_from_every_host_to_one_of_another_virtualservice_is_no_loop():
    away = virtual_service("any", "*", http=[{"redirect": {"authority": "shop.example"}}])
    found = rule_names(away, shop(to("cart")), gateway("shop", http("*", "shop.example")))
    assert "redirect-loop" not in found


@pytest.mark.parametrize(
    ("path", "text", "becomes"),
    [
        ("/common", "/", "//x"),
        ("/common/", "/v1", "/v1x"),
        ("/", "/v1", "/v1x"),
        ("/common/", "/", ""),
        ("/common", "/v1", ""),
        ("/", "/", ""),
        ("/common", " ", ""),
    ],
)
def test_a_rewrite_has_as_many_slashes_as_its_prefix(path, text, becomes):
    found = check(shop(to("cart", prefix(path), rewrite={"uri": text})))

    assert [one.rule for one in found] == (["rewrite-slashes"] if becomes else [])
    assert not becomes or f"becomes {becomes!r}" in found[0].message


def test_a_bare_path_may_stand_behind_the_one_with_a_slash():
    both = to("cart", prefix("/common/"), prefix("/common"), rewrite={"uri": "/"})

    assert names(shop(both)) == []
    assert rule_names(shop({**both, "match": both["match"][::-1]})) == ["rewrite-slashes"]
