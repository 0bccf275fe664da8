"""What Istio's webhook refuses of an EnvoyFilter's patches."""

import pytest

from istio_ingress.rules import UNKNOWN
from tests.unit.rules.build import check, manifest

HTTP = "envoy.filters.network.http_connection_manager"
ROUTER = {"name": "envoy.filters.http.router"}
LIMITS = {"@type": "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"}
FREE = {"@type": "type.googleapis.com/udpa.type.v1.TypedStruct", "value": {"typed_config": {"limit": 1}}}


def refused(**patch):
    made = manifest("EnvoyFilter", "shop", {"configPatches": [{"patch": {"operation": "REMOVE"}, **patch}]})
    found = check({**made, "apiVersion": "networking.istio.io/v1alpha3"})
    assert {finding.rule for finding in found} <= {"envoy-filter-invalid"}
    return [finding.path.removeprefix("spec.configPatches[0].") for finding in found]


def merged(value, target="HTTP_FILTER"):
    return refused(applyTo=target, patch={"operation": "MERGE", "value": value})


def matching(chosen, target="HTTP_FILTER"):
    return refused(applyTo=target, match={"listener": {"filterChain": {"filter": chosen}}})


@pytest.mark.parametrize(
    ("message", "is_refused"),
    [
        (LIMITS, False),
        (FREE, False),
        (UNKNOWN, False),
        (None, False),
        ({"@type": UNKNOWN}, False),
        ({"stat_prefix": "shop"}, True),
        ({"@type": "", "stat_prefix": "shop"}, True),
        ({}, True),
        ("limits", True),
        ([LIMITS], True),
    ],
)
def test_a_message_says_its_type(message, is_refused):
    assert merged({"name": "limits", "typed_config": message}) == (["patch.value.typed_config"] if is_refused else [])


@pytest.mark.parametrize(
    ("name", "is_refused"),
    [
        ("type.googleapis.com/envoy.config.filter.http.lua.v2.Lua", True),
        ("type.googleapis.com/envoy.config.trace.v2alpha.XRayConfig", True),
        ("envoy.api.v2.Cluster", True),
        ("type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua", False),
        ("type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig", False),
        ("type.googleapis.com/shop.v2.Limits", False),
    ],
)
def test_messages_of_envoys_old_api_are_refused(name, is_refused):
    message = {"@type": name}

    assert merged({"name": "lua", "typed_config": message}) == (["patch.value.typed_config"] if is_refused else [])


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"filters": [{"name": "limits", "typedConfig": {"statPrefix": "shop"}}]}, "filters[0].typedConfig"),
        ({"typed_per_filter_config": {"limits": {"a": 1}, "others": LIMITS}}, "typed_per_filter_config.limits"),
        (
            {"socket": {"typed_config": {**LIMITS, "in": {"typed_config": {"a": 1}}}}},
            "socket.typed_config.in.typed_config",
        ),
        ({"metadata": {"filter_metadata": {"shop": {"typed_config": {"a": 1}}}}}, ""),
    ],
)
def test_messages_are_found_wherever_they_are(value, place):
    assert merged(value, "CLUSTER") == ([f"patch.value.{place}"] if place else [])


@pytest.mark.parametrize(
    ("chosen", "target", "place"),
    [
        ({"name": HTTP, "subFilter": ROUTER}, "HTTP_FILTER", ""),
        ({"name": "envoy.http_connection_manager", "subFilter": ROUTER}, "HTTP_FILTER", ""),
        ({"name": UNKNOWN, "subFilter": ROUTER}, "HTTP_FILTER", ""),
        ({"name": "envoy.filters.network.tcp_proxy"}, "NETWORK_FILTER", ""),
        ({}, "NETWORK_FILTER", "name"),
        ({"name": HTTP, "subFilter": ROUTER}, "NETWORK_FILTER", "subFilter"),
        ({"name": "envoy.filters.network.tcp_proxy", "subFilter": ROUTER}, "HTTP_FILTER", "name"),
        ({"name": HTTP, "subFilter": {"name": ""}}, "HTTP_FILTER", "subFilter.name"),
    ],
)
def test_a_filter_is_matched_by_names_that_can_be(chosen, target, place):
    assert matching(chosen, target) == ([f"match.listener.filterChain.filter.{place}"] if place else [])


@pytest.mark.parametrize(("version", "is_refused"), [("^1\\.29.*", False), ("1.(", True), ("(?!1)", True)])
def test_the_version_of_a_proxy_is_a_regular_expression(version, is_refused):
    found = refused(applyTo="CLUSTER", match={"proxy": {"proxyVersion": version}})

    assert found == (["match.proxy.proxyVersion"] if is_refused else [])


def test_patches_for_waypoints_are_not_looked_into():
    assert refused(applyTo="CLUSTER", match={"context": "WAYPOINT", "waypoint": {}}, patch={"operation": "MERGE"}) == []
