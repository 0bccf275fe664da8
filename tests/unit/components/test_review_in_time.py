"""What is judged before anything is registered, what when it becomes known, and what never."""

import pulumi

from istio_ingress import MutualTlsGateway
from tests.unit.certificates import Authority
from tests.unit.components.reviewing import raw_gateway, raw_secret, raw_service, web


def test_an_output_that_needs_no_engine_is_known_before_anything_is_registered(refused):
    message, declared = refused(lambda: [raw_gateway(pulumi.Output.concat("shop", ".example")), web()])
    assert "host-conflict" in message
    assert declared.resources == []


def test_what_is_not_known_yet_is_no_finding(watched):
    def program():
        cart = raw_service("cart", 80)
        raw_gateway(cart.metadata["name"].apply(lambda name: f"{name}.example"))
        web(host="cart.example")

    assert {r.name for r in watched(program).of("Gateway")} == {"raw", "web-gateway"}


def test_what_becomes_known_later_is_judged_then(real, refused, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.review.is_dry_run", lambda: True)

    def program():
        other = raw_service("other", 80)
        raw_gateway(other.metadata["name"].apply(lambda name: f"{name}.example"), credential="other")
        raw_gateway("other.example", "twin")

    message, _ = refused(program)
    assert "host-conflict" in message


def test_given_certificates_are_judged_before_anything_is_registered(real, refused):
    pair = Authority("shop CA").issue("cart.example")

    def program():
        raw_secret("raw", pair)
        raw_gateway("shop.example")

    message, declared = refused(program)
    assert "certificate-host-uncovered: Gateway istio-system/raw" in message
    assert "PRIVATE KEY" not in message
    assert declared.resources == []


def test_a_given_client_ca_is_judged_beside_certificates_that_are_not_issued_yet(real, refused):
    no_authority = Authority("shop CA").issue("cart.example").certificate
    hosts = [{"host": "shop.example", "backend": {"service": "cart", "port": 80}}]
    args = {"hosts": hosts, "client_ca": no_authority}
    message, declared = refused(lambda: MutualTlsGateway("web", args))
    assert "ca-bundle-invalid: Secret istio-system/web-shop-example" in message
    assert declared.resources == []


def test_a_gateway_waits_for_the_verdict_on_certificates_that_are_issued(real, refused):
    message, declared = refused(lambda: web())  # the recording engine issues text that is no certificate
    assert "certificate-unreadable: Secret istio-system/web-shop-example" in message
    assert declared.of("LocallySignedCert")
    assert not declared.of("Gateway")


def test_certificates_made_up_by_mocks_are_not_read(watched):
    assert watched(lambda: web()).of("Gateway")


def test_a_later_resource_is_held_against_the_earlier_ones(real, refused, monkeypatch):
    monkeypatch.setattr("istio_ingress.preview.review.is_dry_run", lambda: True)

    def program():
        raw_gateway("shop.example", credential="other")
        raw_service("cart", 80).id.apply(lambda _: raw_gateway("shop.example", "late"))

    message, declared = refused(program)
    assert "host-conflict: Gateway istio-system/late" in message
    assert [r.name for r in declared.of("Gateway")] == ["raw"]
