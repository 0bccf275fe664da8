"""Matches that no request meets, redirects, rewrites."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, names
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
        (prefix("/"), {"uri": "/home"}, False),
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
