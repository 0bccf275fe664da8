"""Which of two routes, and which of two hosts, Istio puts first: the rules read it as the walker does."""

import pytest

from istio_ingress.rules import UNKNOWN
from istio_ingress.rules.matches import is_catch_all
from istio_ingress.rules.values import Node, UnknownValueError
from tests.unit.rules.build import check, gateway, http, route, virtual_service
from tests.unit.rules.shop import prefix, rule_names

ANY = gateway("shop", http("*"))


def beside(first, second):
    """Whether the order of two VirtualServices with these matches is said to matter."""
    services = [
        virtual_service(name, "shop.example", http=[route(name, match)])
        for name, match in (("a", first), ("b", second))
    ]
    return "virtualservice-host-repeated" in rule_names(ANY, *services)


@pytest.mark.parametrize(
    ("match", "is_last"),
    [
        ({}, True),
        (prefix("/"), True),
        ({"uri": {}}, True),
        ({"uri": {"regex": ".*"}}, True),
        (prefix("/", sourceLabels={"app": "a"}, headers={}), True),
        (prefix(""), False),
        ({"uri": {"regex": "/.*"}}, False),
        (prefix("/", method={}), False),
    ],
    ids=str,
)
def test_only_some_forms_take_everything_and_go_behind_others(match, is_last):
    assert is_catch_all(Node(match, "")) == is_last
    assert beside(match, prefix("/cart")) == (not is_last)


def test_what_decides_nothing_need_not_be_known():
    assert not is_catch_all(Node({"uri": {"prefix": UNKNOWN}, "method": {"exact": "GET"}}, ""))
    assert not is_catch_all(Node({**prefix("/"), "headers": {"x": {"exact": UNKNOWN}}}, ""))
    with pytest.raises(UnknownValueError):
        is_catch_all(Node({"uri": {"prefix": UNKNOWN}}, ""))


def test_an_expression_that_python_would_read_otherwise_is_not_compared():
    assert beside({"uri": {"regex": "/[a-z]+"}}, {"uri": {"exact": "/a"}})
    assert not beside({"uri": {"regex": "/[[:alpha:]]+"}}, {"uri": {"exact": "/a]"}})


def test_of_two_gateways_the_age_decides_before_that_of_the_virtualservices():
    services = [
        virtual_service(name, "shop.example", http=[route(name, prefix("/cart"))], gateways=(name,)) for name in "ab"
    ]

    (finding,) = check(*(gateway(name, http("shop.example")) for name in "ab"), *services)

    assert "and the one whose Gateway (shop/a or shop/b) was created first answers them." in finding.message


def test_the_routes_that_are_hidden_are_those_of_the_next_wildcard():
    hosts = {"wide": "*.shop.example", "half": "*-web.shop.example", "one": "a-web.shop.example"}
    services = [virtual_service(name, host, http=[route("cart", prefix(f"/{name}"))]) for name, host in hosts.items()]

    found = [one.message for one in check(ANY, *services) if one.rule == "wildcard-routes-hidden"]

    assert found == [
        "The host '*-web.shop.example' is one of '*.shop.example' in VirtualService shop/wide, whose routes "
        "(uri prefix /wide) do not hold for it any more.",
        "The host 'a-web.shop.example' is one of '*-web.shop.example' in VirtualService shop/half, whose routes "
        "(uri prefix /half) do not hold for it any more.",
    ]
