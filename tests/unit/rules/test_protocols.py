"""Ports, and what is spoken on them."""

import pytest

from tests.unit.rules.build import gateway, http, https, manifest, names, route, service, virtual_service
from tests.unit.rules.shop import PODS, WEB, rule_names, shop, to


def test_a_service_with_several_ports_takes_the_port_of_the_listener():
    two = service("cart", (80, 8080), (9090, 9090))

    assert names(WEB, shop(to("cart")), two) == []
    assert rule_names(gateway("shop", http("shop.example", port=8080)), shop(to("cart")), two) == [
        "route-port-ambiguous"
    ]
    assert names(shop(to("cart")), two) == []
    assert names(shop(to("cart"), gateways=("mesh",)), two) == []


def test_the_ports_of_two_serviceentries_of_one_host_add_up():
    entries = [
        manifest("ServiceEntry", f"api-{port}", {"hosts": ["api.test"], "ports": [{"number": port, "name": "p"}]})
        for port in (80, 443)
    ]

    assert names(shop(route("api.test", port=443)), *entries) == []
    assert rule_names(shop(route("api.test", port=81)), *entries) == ["route-port-missing"]


@pytest.mark.parametrize(
    ("match", "is_dead"), [({"port": 8443}, True), ({"port": 80}, False), ({"gateways": ["other"]}, True)]
)
def test_a_match_is_for_a_port_and_a_gateway_that_are_there(match, is_dead):
    assert rule_names(WEB, shop(to("cart", match), to("site"))) == (["match-elsewhere"] if is_dead else [])


def test_routes_are_of_the_kind_that_their_servers_take():
    tls = [{"match": [{"sniHosts": ["shop.example"]}], "route": route("cart")["route"]}]
    tcp = gateway("shop", {"port": {"number": 9000, "name": "tcp", "protocol": "TCP"}, "hosts": ["shop.example"]})
    ended = https("shop.example")
    ended["port"]["protocol"] = "TLS"

    assert rule_names(tcp, virtual_service("shop", "shop.example", tls=tls)) == ["route-kind-unused"]
    assert rule_names(gateway("shop", ended), shop(to("cart"))) == ["route-kind-unused"]
    assert names(gateway("shop", ended), virtual_service("shop", "shop.example", tcp=[route("cart")])) == []


@pytest.mark.parametrize(
    ("port", "wanted"),
    [
        ({"name": "https", "port": 443, "targetPort": 8443}, ["route-plain-to-tls"]),
        ({"name": "https", "port": 443}, ["route-plain-to-tls"]),
        ({"name": "web", "appProtocol": "https", "port": 443}, ["route-plain-to-tls"]),
        ({"name": "https", "port": 443, "targetPort": 8080}, []),
        ({"name": "https", "port": 443, "targetPort": "http"}, []),
        ({"name": "http", "port": 443, "targetPort": 8443}, []),
        ({"name": "rpc", "port": 50051}, ["route-grpc-as-http1"]),
        ({"name": "my-grpc", "port": 80}, ["route-grpc-as-http1"]),
        ({"name": "grpc", "port": 50051}, []),
        ({"name": "grpc-web", "port": 50051}, []),
        ({"name": "http2-rpc", "port": 50051}, []),
        ({"name": "rpc", "appProtocol": "grpc", "port": 50051}, []),
    ],
)
def test_the_gateway_speaks_what_the_service_port_says(port, wanted):
    cart = manifest("Service", "cart", {"ports": [port]})

    assert rule_names(shop(to("cart")), cart) == wanted
    assert rule_names(shop(to("cart"), gateways=("mesh",)), cart) == []


def test_a_destination_rule_begins_tls_or_http2():
    def rule(**policy):
        return manifest("DestinationRule", "cart", {"host": "cart", "trafficPolicy": policy})

    secure = manifest("Service", "cart", {"ports": [{"name": "https", "port": 443}]})
    rpc = manifest("Service", "cart", {"ports": [{"name": "rpc", "port": 50051}]})

    assert names(shop(to("cart")), secure, rule(tls={"mode": "SIMPLE"})) == []
    assert (
        names(shop(to("cart")), secure, rule(portLevelSettings=[{"port": {"number": 443}, "tls": {"mode": "SIMPLE"}}]))
        == []
    )
    assert rule_names(shop(to("cart")), secure, rule(tls={"mode": "DISABLE"})) == ["route-plain-to-tls"]
    other = {"port": {"number": 8443}, "tls": {"mode": "SIMPLE"}}
    assert rule_names(shop(to("cart")), secure, rule(portLevelSettings=[other])) == ["route-plain-to-tls"]
    assert names(shop(to("cart")), rpc, rule(connectionPool={"http": {"h2UpgradePolicy": "UPGRADE"}})) == []


@pytest.mark.parametrize(
    ("namespace", "exported", "is_seen"),
    [
        ("shop", ["*"], True),
        ("istio-system", ["."], True),
        ("shop", ["istio-system"], True),
        ("shop", ["."], False),
        ("third", ["*"], False),
    ],
)
def test_a_destination_rule_that_the_gateway_does_not_see_begins_no_tls(namespace, exported, is_seen):
    secure = manifest("Service", "cart", {"ports": [{"name": "https", "port": 443}]})
    spec = {"host": "cart.shop.svc.cluster.local", "exportTo": exported, "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}
    found = shop(to("cart")), WEB, secure, manifest("DestinationRule", "cart", spec, namespace)

    assert rule_names(*found, PODS) == ([] if is_seen else ["route-plain-to-tls"])
    assert rule_names(*found) == []


def entry(port, **spec):
    return manifest("ServiceEntry", "api", {"hosts": ["api.test"], "ports": [port], **spec})


HTTPS_PORT = {"name": "web", "number": 443, "protocol": "HTTPS"}


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (entry(HTTPS_PORT), ["route-plain-to-tls"]),
        (entry({**HTTPS_PORT, "protocol": "TLS"}), ["route-plain-to-tls"]),
        (entry({"name": "https", "number": 443, "protocol": "HTTP"}), []),
        (entry({"name": "https", "number": 443}), []),
        (entry({**HTTPS_PORT, "targetPort": 8080}), []),
        (entry({**HTTPS_PORT, "number": 80}), []),
        (entry(HTTPS_PORT, resolution="STATIC", endpoints=[{"address": "10.0.0.1", "ports": {"web": 8080}}]), []),
        (
            entry(HTTPS_PORT, resolution="STATIC", endpoints=[{"address": "10.0.0.1", "ports": {"web": 8443}}]),
            ["route-plain-to-tls"],
        ),
        (entry(HTTPS_PORT, hosts=["*.test"]), []),
    ],
)
def test_the_gateway_speaks_plain_http_to_a_serviceentry_without_a_destination_rule(found, wanted):
    assert rule_names(shop(to("api.test")), found, program=True) == wanted
    assert rule_names(shop(to("api.test")), found) == []  # Istio's own tasks have the DestinationRule in another file
    assert rule_names(shop(to("api.test"), gateways=("mesh",)), found) == []


def test_a_port_of_two_serviceentries_speaks_tls_if_both_say_so():
    plain = {**entry({**HTTPS_PORT, "protocol": "HTTP"}), "metadata": {"name": "other", "namespace": "shop"}}

    assert rule_names(shop(to("api.test")), entry(HTTPS_PORT), plain, program=True) == []
    other = {**HTTPS_PORT, "name": "other", "number": 8443}
    two = entry(HTTPS_PORT, ports=[HTTPS_PORT, other])
    assert rule_names(shop(route("api.test", port=8443)), two, program=True) == ["route-plain-to-tls"]
    assert rule_names(shop(to("api.test")), two) == []


def test_a_destination_rule_begins_tls_to_a_serviceentry_where_the_gateway_sees_it():
    spec = {"host": "api.test", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}}
    found = shop(to("api.test")), WEB, PODS, entry(HTTPS_PORT)

    assert rule_names(*found, manifest("DestinationRule", "api", spec)) == []
    third = manifest("DestinationRule", "api", spec, "third")
    assert rule_names(*found, third) == ["route-plain-to-tls"]
    assert rule_names(shop(to("api.test"), gateways=("shop", "mesh")), *found[1:], third) == []
