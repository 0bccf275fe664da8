"""What a server's `tls` says: how it is chosen, which versions, which client certificates."""

import pytest

from tests.unit.rules.build import gateway, http, https, names
from tests.unit.rules.shop import rule_names


@pytest.mark.parametrize(("host", "is_wrong"), [("192.0.2.10", True), ("*.example", False)])
def test_a_tls_server_is_chosen_by_a_name(host, is_wrong):
    wanted = ["tls-host-without-sni"] if is_wrong else []

    assert rule_names(gateway("shop", https(host, credentialName="shop"))) == wanted
    assert names(gateway("shop", http(host))) == []


def test_an_empty_tls_is_passthrough_and_what_it_does_not_use_is_told():
    shut = {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "hosts": ["shop.example"], "tls": {}}

    assert names(gateway("shop", shut)) == []
    assert rule_names(gateway("shop", {**shut, "tls": {"minProtocolVersion": "TLSV1_2"}})) == ["tls-mode-missing"]


@pytest.mark.parametrize("field", ["subjectAltNames", "verifyCertificateHash", "verifyCertificateSpki"])
@pytest.mark.parametrize(("mode", "is_told"), [("OPTIONAL_MUTUAL", True), ("MUTUAL", False)])
def test_what_is_compared_in_a_certificate_makes_it_required(mode, is_told, field):
    found = names(gateway("shop", https("shop.example", mode=mode, **{field: ["client.example"]})))

    assert [one for one in found if "required" in one] == (
        ["client-certificate-required: shop/shop"] if is_told else []
    )


@pytest.mark.parametrize(
    ("versions", "is_told"),
    [
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLSV1_2"}, True),
        ({"maxProtocolVersion": "TLSV1_1"}, True),
        ({"minProtocolVersion": "TLS_AUTO", "maxProtocolVersion": "TLSV1_0"}, True),
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLSV1_3"}, False),
        ({"minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLS_AUTO"}, False),
        ({"minProtocolVersion": "TLSV1_3"}, False),
    ],
)
def test_versions_of_tls_that_leave_none(versions, is_told):
    found = names(gateway("shop", https("shop.example", **versions)))

    assert found == (["tls-version-range: shop/shop"] if is_told else [])
