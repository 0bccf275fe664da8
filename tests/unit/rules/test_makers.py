"""Secrets that something in the cluster is yet to make: cert-manager and its like."""

import pytest

from tests.unit.rules.build import gateway, http, https, names, secret
from tests.unit.rules.shop import PODS, made, rule_names


@pytest.mark.parametrize(
    "maker",
    [
        made("Certificate", "cert-manager.io", secretName="shop.example"),
        made("ExternalSecret", "external-secrets.io", target={"name": "shop.example"}),
        made("SealedSecret", "bitnami.com", template={"metadata": {"name": "shop.example"}}),
        made("VaultStaticSecret", "secrets.hashicorp.com", destination={"name": "shop.example"}),
    ],
    ids=lambda maker: maker["kind"],
)
def test_a_secret_that_is_yet_to_be_made_is_not_missing(maker):
    server = gateway("shop", https("shop.example"))

    assert rule_names(server, PODS, complete=True) == ["credential-absent"]
    assert names(server, PODS, maker, complete=True) == []
    maker = {**maker, "metadata": {"name": "shop", "namespace": "shop"}}
    assert rule_names(server, PODS, maker) == ["credential-namespace"]
    assert names(server, PODS, maker, secret("shop.example", tls_crt="", tls_key=""))[:1] != ["credential-namespace"]


def test_a_certificate_is_asked_for_with_the_servers_hosts():
    server = gateway("shop", https("shop.example", "www.shop.example", credentialName="shop"))

    def request(*hosts):
        return made("Certificate", "cert-manager.io", secretName="shop", dnsNames=list(hosts))

    assert names(server, request("shop.example", "*.shop.example")) == []
    assert rule_names(server, request("shop.example")) == ["certificate-request-host-uncovered"]


@pytest.mark.parametrize(
    ("solver", "issuer", "host", "is_told"),
    [
        ({"http01": {}}, "acme", "shop.example", True),
        ({"dns01": {}}, "acme", "shop.example", False),
        ({"http01": {}}, "other", "shop.example", False),
        ({"http01": {}}, "acme", "blog.example", False),
    ],
)
def test_a_redirect_takes_the_challenge_of_its_own_hosts(solver, issuer, host, is_told):
    redirect = gateway("shop", http("shop.example", tls={"httpsRedirect": True}))
    request = made("Certificate", "cert-manager.io", secretName="shop", dnsNames=[host], issuerRef={"name": issuer})
    acme = made("ClusterIssuer", "cert-manager.io", acme={"solvers": [solver]})
    acme["metadata"] = {"name": "acme"}

    assert rule_names(redirect, request, acme) == (["redirect-of-challenge"] if is_told else [])
