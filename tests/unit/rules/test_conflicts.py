"""When two servers meet on a port."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, names, pods, service, virtual_service


def test_a_host_twice_on_one_port_is_found_across_namespaces():
    found = check(
        gateway("a", https("shop.example")), gateway("b", https("shop.example", credentialName="b"), namespace="blog")
    )

    assert [finding.rule for finding in found] == ["host-conflict"]
    assert found[0].resource == "Gateway blog/b"
    assert "Gateway shop/a spec.servers[0]" in found[0].message


@pytest.mark.parametrize("other", ["Shop.example", "./shop.example", "blog/shop.example", "SHOP.example"])
def test_a_host_that_istio_takes_for_another_and_envoy_for_the_same_ends_the_listener(other):
    assert names(gateway("a", https("shop.example")), gateway("b", https(other, credentialName="b"))) == [
        "listener-refused: shop/b"
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("shop.example", "*/shop.example"), ("./shop.example", "shop/shop.example")]
)
def test_two_ways_to_write_a_host_that_are_one_to_istio_are_a_conflict(one, other):
    assert names(gateway("a", https(one)), gateway("b", https(other, credentialName="b"))) == ["host-conflict: shop/b"]


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        pytest.param(http("a.example"), http("b.example", bind="0.0.0.0"), ["listener-refused: shop/b"], id="HTTP"),
        pytest.param(
            https("a.example"),
            https("a.example", bind="0.0.0.0", credentialName="b"),
            ["listener-refused: shop/b"],
            id="HTTPS",
        ),
        pytest.param(https("a.example"), https("b.example", bind="0.0.0.0", credentialName="b"), [], id="other hosts"),
        pytest.param(http("a.example"), http("b.example", bind="127.0.0.1"), [], id="another address"),
        pytest.param(http("a.example", bind="0.0.0.0"), http("b.example", bind="0.0.0.0"), [], id="written alike"),
        pytest.param(http("a.example"), https("a.example", bind="0.0.0.0", port=80), [], id="told apart by TLS"),
    ],
)
def test_all_addresses_are_one_address_to_envoy(one, other, found):
    assert names(gateway("a", one), gateway("b", other)) == found


def passed_through(name):
    routes = [{"match": [{"sniHosts": [name]}], "route": [{"destination": {"host": "cart"}}]}]
    return virtual_service("passed", name, gateways=("passing",), tls=routes)


@pytest.mark.parametrize(
    ("passing", "ending", "found"),
    [
        ("*.shop.example", "a.shop.example", ["listener-refused: shop/passed"]),
        ("*", "./a.shop.example", ["listener-refused: shop/passed"]),
        ("*.shop.example", "b.shop.example", []),
        ("*.shop.example", "*.shop.example", ["host-conflict: shop/ending"]),
    ],
)
def test_a_name_that_is_passed_through_and_ended_on_one_port_ends_the_listener(passing, ending, found):
    assert (
        names(
            gateway("passing", https(passing, mode="PASSTHROUGH", credentialName="")),
            gateway("ending", https(ending)),
            passed_through("a.shop.example"),
        )
        == found
    )


def test_the_wildcard_of_a_server_that_passes_tls_on_has_no_certificate_here():
    passing = gateway("a", https("*.shop.example", mode="PASSTHROUGH", credentialName=""))

    assert names(passing, gateway("b", https("www.shop.example"))) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(gateway("b", https("blog.example")), id="another host"),
        pytest.param(gateway("b", https("shop.example", port=8443, credentialName="b")), id="another port"),
        pytest.param(gateway("b", https("shop.example", bind="10.0.0.1", credentialName="b")), id="another address"),
        pytest.param(gateway("b", https("shop.example"), selector={"istio": "other"}), id="other pods"),
        pytest.param(gateway("b", https("shop.example"), selector={"app": "gw"}), id="perhaps other pods"),
    ],
)
def test_servers_that_do_not_meet_are_no_conflict(other):
    assert names(gateway("a", https("shop.example")), other) == []


@pytest.mark.parametrize(
    "selector", [{}, {"istio": "ingressgateway", "app": "gw"}], ids=["every pod", "some of the pods"]
)
def test_selectors_that_hold_each_other_meet(selector):
    other = gateway("b", https("shop.example", credentialName="b"), selector=selector)

    assert names(gateway("a", https("shop.example")), other) == ["host-conflict: shop/b"]


def test_different_selectors_meet_where_one_workload_has_the_labels_of_both():
    one, other = (
        gateway("a", https("shop.example")),
        gateway("b", https("shop.example", credentialName="b"), selector={"app": "gw"}),
    )

    assert names(one, other, pods(istio="ingressgateway", app="gw")) == ["host-conflict: shop/b"]
    assert names(one, other, pods(istio="ingressgateway"), pods(app="gw")) == []


def test_ports_are_compared_as_the_pods_listen():
    one, other = gateway("a", https("shop.example")), gateway("b", https("shop.example", port=8443, credentialName="b"))
    front = service("gw", (443, 8443), namespace="istio-system", selector={"istio": "ingressgateway"})

    assert names(one, other, pods(istio="ingressgateway"), front) == ["host-conflict: shop/b"]


def test_the_younger_gateway_is_the_one_that_is_dropped():
    old = gateway("old", https("shop.example"), creationTimestamp="2025-01-01T00:00:00Z")
    new = gateway("new", https("shop.example", credentialName="n"), creationTimestamp="2026-01-01T00:00:00Z")

    assert names(new, old) == ["host-conflict: shop/new"]


def test_every_server_that_is_dropped_is_told_with_the_one_that_stays():
    found = check(*(gateway(name, https("shop.example", credentialName=name)) for name in "abc"))

    assert [(finding.name, "Gateway shop/a" in finding.message) for finding in found] == [("b", True), ("c", True)]


def test_many_hosts_of_the_same_two_servers_are_one_finding():
    hosts = [f"{name}.shop.example" for name in "abcdef"]

    (finding,) = check(gateway("a", https(*hosts)), gateway("b", https(*hosts, credentialName="b")))

    assert finding.message.startswith(
        "The hosts 'a.shop.example', 'b.shop.example', 'c.shop.example' and 3 more on port 443 are also on Gateway "
    )


def test_a_redirect_on_one_of_two_http_servers_is_told():
    redirect = {"httpsRedirect": True}
    found = check(gateway("a", http("shop.example", tls=redirect)), gateway("b", http("shop.example")))

    assert [finding.rule for finding in found] == ["host-shared"]
    assert "the redirect to HTTPS of Gateway shop/a is then a redirect of both" in found[0].message
    assert names(gateway("a", http("shop.example")), gateway("b", http("shop.example"))) == []


def test_a_redirect_of_any_host_takes_only_the_routes_of_any_host():
    one, other = gateway("a", http("*", tls={"httpsRedirect": True})), gateway("shop", http("*"))

    assert names(one, other, virtual_service("shop", "shop.example")) == []
    assert names(one, other, virtual_service("shop", "*")) == ["host-shared: shop/shop"]


def test_of_two_redirect_servers_with_one_host_the_younger_is_dropped():
    redirect = {"httpsRedirect": True}
    one = gateway("a", http("shop.example", "blog.example", tls=redirect))
    other = gateway("b", http("blog.example", "www.example", tls=redirect))

    assert names(one, other) == ["host-conflict: shop/b"]


def test_two_plain_tcp_servers_have_nothing_that_tells_them_apart():
    servers = [
        {"port": {"number": 5432, "name": "db", "protocol": "TCP"}, "hosts": [host]} for host in ("a.test", "b.test")
    ]

    (finding,) = check(gateway("a", servers[0]), gateway("b", servers[1]))

    assert finding.message.endswith("the older server stays, for plain TCP has no hosts that would tell them apart.")
    assert finding.remedy == "Give one of them another port."


def test_a_port_of_a_service_that_opts_out_of_translation_is_the_pods_port():
    local, web = (
        gateway("local", http("shop.example", port=8081)),
        gateway("web", http("shop.example", tls={"httpsRedirect": True})),
    )
    front = service("gw", (80, 8081), namespace="istio-system", selector={"istio": "ingressgateway"})

    assert names(local, web, pods(istio="ingressgateway"), front) == ["host-shared: shop/web"]
    front["metadata"]["labels"] = {"experimental.istio.io/disable-gateway-port-translation": "true"}
    assert names(local, web, pods(istio="ingressgateway"), front) == []


def test_a_target_port_with_a_name_is_looked_up_in_the_containers():
    front = service("gw", (80, 0), namespace="istio-system", selector={"istio": "ingressgateway"})
    front["spec"]["ports"][0]["targetPort"] = "web"
    workload = pods(istio="ingressgateway")

    assert names(gateway("a", http("shop.example", port=9090)), workload, front) == []
    workload["spec"]["template"]["spec"] = {"containers": [{"ports": [{"name": "web", "containerPort": 8080}]}]}
    assert names(gateway("a", http("shop.example", port=8080)), workload, front) == []
    assert names(gateway("a", http("shop.example", port=9090)), workload, front) == ["gateway-port-unserved: shop/a"]


def test_a_wildcard_beside_one_of_its_names_is_told_on_tls_only():
    wide, narrow = "*.shop.example", "www.shop.example"

    assert names(gateway("a", https(wide)), gateway("b", https(narrow))) == ["host-overlap: shop/b"]
    assert names(gateway("a", https("*")), gateway("b", https(narrow))) == []
    assert names(gateway("a", https(wide)), gateway("b", https("a.www.shop.example"))) == []
    assert names(gateway("a", http(wide)), gateway("b", http(narrow))) == []
    assert names(gateway("a", https(wide)), gateway("b", https("shop.example"))) == []
    assert names(gateway("a", https(wide), selector={"istio": "other"}), gateway("b", https(narrow))) == []


def test_a_wildcard_is_found_behind_a_narrower_one_for_other_pods():
    other = gateway("other", https("*.shop.example"), selector={"istio": "other"})
    wide, narrow = gateway("wide", https("*.shop.example")), gateway("narrow", https("x.shop.example"))

    assert names(other, wide, narrow) == ["host-overlap: shop/narrow"]


@pytest.mark.parametrize("mode", ["PASSTHROUGH", "MUTUAL", "ISTIO_MUTUAL"])
def test_a_host_can_only_have_one_tls_mode_on_a_port(mode):
    other = https("shop.example", mode=mode, credentialName="")

    assert "host-conflict: shop/b" in names(gateway("a", https("shop.example")), gateway("b", other))


def test_plain_and_tls_protocols_do_not_share_a_port():
    one, other = gateway("a", http("shop.example", port=443)), gateway("b", https("blog.example"))

    assert names(one, other) == ["port-protocol-conflict: shop/b"]


def test_one_credential_on_many_servers_is_one_finding():
    found = check(*(gateway(name, https(f"{name}.shop.example", credentialName="shop")) for name in "abcdefg"))

    assert [finding.rule for finding in found] == ["certificate-shared"]
    assert "Gateway shop/a" in found[0].message
    assert "and 3 more" in found[0].message
