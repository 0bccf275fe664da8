"""What a gateway does not see: objects that are not exported to it, and rules of other namespaces."""

import pytest

from tests.unit.rules.build import check, manifest, names, pods, service
from tests.unit.rules.shop import PODS, WEB, rule_names, shop, to


def test_a_virtualservice_is_exported_to_the_gateways_pods():
    hidden = shop(to("cart"), exportTo=["."])

    assert names(hidden, WEB, PODS) == ["virtualservice-hidden: shop/shop"]
    assert names(hidden, WEB) == []
    assert names(hidden, WEB, pods("shop", istio="ingressgateway")) == []
    assert names(shop(to("cart"), exportTo=["istio-system"]), WEB, PODS) == []


def subset_rule(namespace, host="cart.shop.svc.cluster.local", **spec):
    return manifest("DestinationRule", "cart", {"host": host, "subsets": [{"name": "v1"}], **spec}, namespace)


def to_subset(host="cart.shop.svc.cluster.local", subset="v1"):
    return shop({"route": [{"destination": {"host": host, "subset": subset}}]})


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (subset_rule("shop"), []),
        (subset_rule("istio-system"), []),
        (subset_rule("routes"), ["destination-rule-hidden"]),
        (subset_rule("shop", exportTo=["."]), ["destination-rule-hidden"]),
        (subset_rule("shop", exportTo=["istio-system"]), []),
        (subset_rule("shop", host="*.shop.svc.cluster.local"), []),
    ],
)
def test_a_gateway_sees_the_destination_rules_of_three_namespaces(rule, wanted):
    assert rule_names(to_subset(), WEB, PODS, rule) == wanted
    assert rule_names(to_subset(), WEB, rule) == []


def test_the_root_namespace_is_where_the_settings_or_istiod_say():
    found = to_subset(), WEB, PODS, subset_rule("mesh")

    assert rule_names(*found, root_namespace="mesh") == []
    assert rule_names(*found, pods("mesh", app="istiod")) == []
    assert rule_names(*found, pods("mesh", app="cart")) == ["destination-rule-hidden"]


def test_a_short_host_of_a_destination_rule_is_of_its_own_namespace():
    there = to_subset("cart.blog.svc.cluster.local")

    (finding,) = check(there, subset_rule("shop", host="cart"))
    assert finding.rule == "route-subset-missing"
    assert "is short for one in 'shop'" in finding.message
    assert names(there, subset_rule("shop", host="cart"), service("cart", (80, 80))) == []


def test_a_subset_without_any_rule_is_told_of_everything_only():
    whole = (WEB, PODS, service("cart", (80, 80)))

    assert names(to_subset(), *whole) == []
    assert rule_names(to_subset(), *whole, complete=True) == ["route-subset-missing"]
    wide = subset_rule("shop", host="*.svc.cluster.local", subsets=[])
    assert names(to_subset(), *whole, wide) == []


@pytest.mark.parametrize(
    ("exported", "is_hidden"), [("*", False), (".", True), ("blog", True), (".,istio-system", False), ("~", True)]
)
def test_a_service_is_exported_to_the_gateways_pods(exported, is_hidden):
    cart = service("cart", (80, 80))
    cart["metadata"]["annotations"] = {"networking.istio.io/exportTo": exported}
    wanted = ["route-service-hidden"] if is_hidden else []

    assert rule_names(shop(to("cart")), WEB, PODS, cart) == wanted
    assert names(shop(to("cart")), WEB, cart) == []


def entry(*exports, name="api", host="api.test", namespace="shop"):
    port = {"name": "http", "number": 80, "protocol": "HTTP"}
    spec = {"hosts": [host], "ports": [port], "resolution": "NONE", "exportTo": list(exports)}
    return manifest("ServiceEntry", name, spec, namespace)


@pytest.mark.parametrize(
    ("found", "is_hidden"),
    [
        ([entry("*")], False),
        ([entry()], False),
        ([entry(".")], True),
        ([entry("blog")], True),
        ([entry(".", "istio-system")], False),
        ([entry(".", namespace="istio-system")], False),
        ([entry("."), entry("*", name="other")], False),
        ([entry("."), entry("*", name="wide", host="*.test")], False),
        ([entry("."), entry("blog", name="other")], True),
    ],
)
def test_a_serviceentry_is_exported_to_the_gateways_pods(found, is_hidden):
    wanted = ["route-service-hidden"] if is_hidden else []

    assert rule_names(shop(to("api.test")), WEB, PODS, *found) == wanted
    assert names(shop(to("api.test")), WEB, *found) == []


def test_a_serviceentry_and_a_service_of_one_host_are_both_hidden_or_none_is():
    cart = service("cart", (80, 80))
    cart["metadata"]["annotations"] = {"networking.istio.io/exportTo": "."}
    host = "cart.shop.svc.cluster.local"

    assert rule_names(shop(to("cart")), WEB, PODS, cart, entry(".", host=host)) == ["route-service-hidden"]
    assert names(shop(to("cart")), WEB, PODS, cart, entry("*", host=host)) == []
    assert names(shop(to("cart")), WEB, PODS, entry(".", host=host)) == []
