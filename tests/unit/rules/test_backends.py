"""Two DestinationRules that say different things of one Service to the same pods."""

import pytest

from tests.unit.rules.build import manifest, names

TLS, HTTP2 = {"tls": {"mode": "SIMPLE"}}, {"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}}


def told(name, policy, namespace="shop", **spec):
    return manifest("DestinationRule", name, {"host": "cart", "trafficPolicy": policy, **spec}, namespace)


@pytest.mark.parametrize(
    "other",
    [
        told("two", HTTP2),
        told("two", HTTP2, host="cart.shop.svc.cluster.local"),
        told("two", HTTP2, host="cart.shop.svc.cluster.local", exportTo=["*"]),
    ],
)
def test_the_younger_of_two_counts_for_nothing(other):
    assert names(told("one", TLS), other) == ["backend-told-twice: shop/two"]


@pytest.mark.parametrize(
    "other",
    [
        told("two", TLS),
        manifest("DestinationRule", "two", {"host": "cart", "subsets": [{"name": "v1", "labels": {"a": "b"}}]}),
        told("two", HTTP2, host="site"),
        told("two", HTTP2, host="*.shop.svc.cluster.local"),
        told("two", HTTP2, exportTo=["."]),
        told("two", HTTP2, workloadSelector={"matchLabels": {"app": "site"}}),
        told("two", HTTP2, namespace="blog", host="cart.shop.svc.cluster.local"),
    ],
)
def test_two_that_agree_or_are_for_others_may_stand(other):
    assert names(told("one", TLS), other) == []


def subset(name, version, policy=None):
    return {"name": name, "labels": {"version": version}, **({"trafficPolicy": policy} if policy else {})}


def of_subsets(name, *subsets, **spec):
    return manifest("DestinationRule", name, {"host": "cart", "subsets": list(subsets), **spec})


@pytest.mark.parametrize(
    ("other", "is_dropped"),
    [
        (of_subsets("two", subset("v1", "2")), True),
        (of_subsets("two", subset("v2", "2"), subset("v1", "2"), host="cart.shop.svc.cluster.local"), True),
        (of_subsets("two", subset("v1", "1", HTTP2)), True),
        (of_subsets("two", subset("v1", "1")), False),
        (of_subsets("two", subset("v1", "1", TLS)), False),
        (of_subsets("two", subset("v2", "2")), False),
        (of_subsets("two", subset("v1", "2"), exportTo=["."]), False),
        (of_subsets("two", subset("v1", "2"), host="site"), False),
    ],
)
def test_the_younger_of_two_subsets_of_one_name_counts_for_nothing(other, is_dropped):
    found = names(of_subsets("one", subset("v1", "1", TLS)), other)
    assert found == (["backend-told-twice: shop/two"] if is_dropped else [])


def test_a_rule_is_not_held_against_itself():
    assert names(told("one", TLS)) == []
