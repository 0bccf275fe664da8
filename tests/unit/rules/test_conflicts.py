"""When two servers meet on a port."""

import pytest

from tests.unit.rules.build import check, gateway, http, https, names, pods, service


def test_a_host_twice_on_one_port_is_found_across_namespaces():
    found = check(
        gateway("a", https("shop.example")), gateway("b", https("shop.example", credentialName="b"), namespace="blog")
    )

    assert [finding.rule for finding in found] == ["host-conflict"]
    assert found[0].resource == "Gateway blog/b"
    assert "Gateway shop/a spec.servers[0]" in found[0].message


def test_hosts_are_compared_without_case_and_without_their_namespaces():
    assert names(gateway("a", https("Shop.example")), gateway("b", https("./shop.example", credentialName="b"))) == [
        "host-conflict: shop/b"
    ]


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
    found = check(gateway("a", http("shop.example", tls={"httpsRedirect": True})), gateway("b", http("shop.example")))

    assert [finding.rule for finding in found] == ["host-shared"]
    assert "redirect of both" in found[0].message
    for tls in ({}, {"httpsRedirect": True}):
        (same,) = check(gateway("a", http("shop.example", tls=tls)), gateway("b", http("shop.example", tls=tls)))
        assert "redirect" not in same.message


def test_a_wildcard_beside_one_of_its_names_is_told_on_tls_only():
    wide, narrow = "*.shop.example", "www.shop.example"

    assert names(gateway("a", https(wide)), gateway("b", https(narrow))) == ["host-overlap: shop/b"]
    assert names(gateway("a", https("*")), gateway("b", https(narrow))) == ["host-overlap: shop/b"]
    assert names(gateway("a", http(wide)), gateway("b", http(narrow))) == []
    assert names(gateway("a", https(wide)), gateway("b", https("shop.example"))) == []
    assert names(gateway("a", https(wide), selector={"istio": "other"}), gateway("b", https(narrow))) == []


def test_a_wildcard_is_found_behind_a_narrower_one_for_other_pods():
    other = gateway("other", https("*.a.shop.example"), selector={"istio": "other"})
    wide, narrow = gateway("wide", https("*.shop.example")), gateway("narrow", https("x.a.shop.example"))

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
