"""Which server a connection finds, and which it refuses."""

import pytest

from istio_ingress.walk import ClientCertificate
from tests.unit.rules.build import gateway, http, https, secret, virtual_service
from tests.unit.walk.asking import SERVED, answer, ask, at, to


def test_a_tls_server_that_repeats_a_host_is_left_out_whole():
    old = gateway("z", https("shop.example"), **at(1))
    new = gateway("a", https("shop.example", "blog.example"), **at(2))
    routes = virtual_service("shop", "shop.example", "blog.example", gateways=("a",), http=[to("cart")])
    assert answer(old, new, SERVED, routes, url="https://shop.example/").status == 404
    assert answer(old, new, SERVED, routes, url="https://blog.example/").refused == "handshake"


def test_two_servers_that_exclude_each_other_and_no_age():
    one, other = gateway("one", https("shop.example")), gateway("other", https("shop.example"))
    result = ask(one, other, SERVED, url="https://shop.example/")
    assert "exclude each other, and it is not known which is older" in result.unknown


def test_http_beside_an_older_https_server_on_one_port():
    secure, plain = gateway("a", https("shop.example"), **at(1)), gateway("b", http("shop.example", port=443), **at(2))
    routes = virtual_service("shop", "shop.example", gateways=("a", "b"), http=[to("cart")])
    assert answer(secure, plain, SERVED, routes, url="http://shop.example:443/").service == "shop/cart"
    assert answer(secure, plain, SERVED, routes, url="https://shop.example/").service == "shop/cart"
    younger = gateway("c", https("shop.example"), **at(3))
    assert answer(plain, younger, SERVED, routes, url="https://shop.example/").refused == "handshake"


def test_sni_chooses_the_server_and_host_its_routes():
    servers = (
        https("a.example", name="a", credentialName="shop.example"),
        https("b.example", name="b", credentialName="shop.example"),
    )
    routes = virtual_service("shop", "a.example", "b.example", http=[to("cart")])
    shop = gateway("shop", *servers)
    assert answer(shop, SERVED, routes, url="https://a.example/").service == "shop/cart"
    assert answer(shop, SERVED, routes, url="https://b.example/", sni="a.example").status == 404
    assert answer(shop, SERVED, routes, url="https://a.example/", sni="").refused == "handshake"
    assert answer(shop, SERVED, routes, url="http://a.example:443/").refused == "connection"


def test_no_secret_no_handshake():
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert answer(gateway("shop", https("shop.example")), routes, url="https://shop.example/").refused == "handshake"


@pytest.mark.parametrize(
    ("mode", "more", "shown", "refused"),
    [
        ("MUTUAL", {}, ClientCertificate.NONE, "handshake"),
        ("MUTUAL", {}, ClientCertificate.TRUSTED, ""),
        ("MUTUAL", {}, ClientCertificate.UNTRUSTED, "handshake"),
        ("OPTIONAL_MUTUAL", {}, ClientCertificate.NONE, ""),
        ("OPTIONAL_MUTUAL", {}, ClientCertificate.UNTRUSTED, "handshake"),
        ("OPTIONAL_MUTUAL", {"subjectAltNames": ["client.example"]}, ClientCertificate.NONE, "handshake"),
        ("OPTIONAL_MUTUAL", {"verifyCertificateHash": ["ab" * 32]}, ClientCertificate.NONE, "handshake"),
    ],
)
def test_client_certificates(mode, more, shown, refused):
    shop = gateway("shop", https("shop.example", mode=mode, **more))
    known = secret("shop.example", tls_crt="certificate", tls_key="key", ca_crt="bundle")
    routes = virtual_service("shop", "shop.example", http=[to("cart")])
    assert answer(shop, known, routes, url="https://shop.example/", client_certificate=shown).refused == refused


def test_a_passed_through_connection_goes_by_sni_to_a_backend_that_sees_everything():
    server = https("shop.example", mode="PASSTHROUGH")
    tls = [
        {
            "match": [{"sniHosts": ["shop.example"]}],
            "route": [{"destination": {"host": "cart", "port": {"number": 80}}}],
        }
    ]
    found = answer(
        gateway("shop", server), virtual_service("shop", "shop.example", tls=tls), url="https://shop.example/a/../b"
    )
    assert (found.service, found.path) == ("shop/cart", "/a/../b")
