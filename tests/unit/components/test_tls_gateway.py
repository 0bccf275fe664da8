"""TlsGateway: certificates, credentials and servers for its hosts."""

import re

import pulumi
import pytest

from istio_ingress import CertificateAuthority, TlsGateway, TlsVersion, WorkloadKind
from tests.unit.components.engine import pem
from tests.unit.components.secrets import contents
from tests.unit.components.tls_gateways import gateway, servers, tls

HELLOWORLD = {
    "host": "helloworld.example.com",
    "routes": [{"exact": "/hello"}],
    "workload": {"kind": WorkloadKind.HELLOWORLD},
}


def test_with_nothing_said_it_is_the_walk_throughs_secure_gateway(declare):
    declared = declare(gateway())
    secret = declared.one("Secret")
    credential = secret.manifest["metadata"]["name"]
    assert re.fullmatch("web-httpbin-example-com-ecdsa-p256-[0-9a-f]{10}", credential)
    assert declared.manifest("Gateway") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "web-tls", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {
                    "port": {"number": 443, "name": "https-httpbin-example-com", "protocol": "HTTPS"},
                    "hosts": ["httpbin.example.com"],
                    "tls": {"mode": "SIMPLE", "credentialName": credential},
                },
            ],
        },
    }
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web-tls-httpbin-example-com", "namespace": "default"},
        "spec": {
            "hosts": ["httpbin.example.com"],
            "gateways": ["web-tls"],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/status"}}, {"uri": {"prefix": "/delay"}}],
                    "route": [{"destination": {"host": "web-tls-httpbin-example-com", "port": {"number": 8000}}}],
                },
            ],
        },
    }
    assert secret.manifest["metadata"]["namespace"] == "istio-system"
    assert secret.manifest["type"] == "kubernetes.io/tls"
    assert contents(secret) == {
        "tls.key": pem("PRIVATE KEY", "web-httpbin-example-com-ecdsa-p256-key"),
        "tls.crt": pem("CERTIFICATE", "web-httpbin-example-com-ecdsa-p256-certificate"),
    }
    assert declared.outputs == {
        "ca": pem("CERTIFICATE", "web-ca-g1-certificate"),
        "credentials": {"httpbin-example-com": credential},
    }


def test_the_certificate_is_for_the_host_by_subject_alternative_name(declare):
    declared = declare(gateway())
    request = declared.one("CertRequest").inputs
    assert request["dnsNames"] == ["httpbin.example.com"]
    assert request["subject"] == {"commonName": "httpbin.example.com", "organization": "httpbin organization"}
    signed = declared.one("LocallySignedCert").inputs
    assert signed["allowedUses"] == ["digital_signature", "key_encipherment", "server_auth"]
    assert (signed["validityPeriodHours"], signed["earlyRenewalHours"]) == (365 * 24, 30 * 24)
    assert signed["caCertPem"] == pem("CERTIFICATE", "web-ca-g1-certificate")


def test_every_host_has_its_own_port_name_credential_and_routes(declare):
    declared = declare(gateway(hosts=[{"host": "httpbin.example.com"}, HELLOWORLD]))
    names = [f"{name}-example-com" for name in ("httpbin", "helloworld")]
    credentials = [declared.manifest("Secret", f"web-{name}-ecdsa-p256")["metadata"]["name"] for name in names]
    assert len(set(credentials)) == 2
    assert [(s["port"]["name"], s["hosts"], s["tls"]["credentialName"]) for s in servers(declared)] == [
        ("https-httpbin-example-com", ["httpbin.example.com"], credentials[0]),
        ("https-helloworld-example-com", ["helloworld.example.com"], credentials[1]),
    ]
    routes = declared.manifest("VirtualService", "web-helloworld-example-com-routes")["spec"]
    assert routes["hosts"] == ["helloworld.example.com"]
    assert routes["http"] == [
        {
            "match": [{"uri": {"exact": "/hello"}}],
            "route": [{"destination": {"host": "web-tls-helloworld-example-com", "port": {"number": 5000}}}],
        },
    ]
    (secrets, services) = (declared.of("Secret"), declared.of("Service"))
    assert len(secrets) == len(services) == 2


def test_a_backend_without_routes_gets_every_path(declare):
    declared = declare(gateway(hosts=[{"host": "a.test", "backend": {"service": "cart", "port": 8080}}]))
    assert declared.manifest("VirtualService")["spec"]["http"] == [
        {
            "match": [{"uri": {"prefix": "/"}}],
            "route": [{"destination": {"host": "cart", "port": {"number": 8080}}}],
        },
    ]


def test_further_names_are_in_the_certificate_and_served(declare):
    declared = declare(gateway(hosts=[{"host": "*.shop.test", "sans": ["shop.test"]}]))
    assert declared.one("CertRequest").inputs["dnsNames"] == ["*.shop.test", "shop.test"]
    assert servers(declared)[0]["hosts"] == ["*.shop.test", "shop.test"]
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["*.shop.test", "shop.test"]
    assert servers(declared)[0]["port"]["name"] == "https-any-shop-test"


def test_any_host_needs_a_name_for_its_certificate(declare):
    declared = declare(gateway(hosts=[{"host": "*", "sans": ["shop.test"]}]))
    assert declared.one("CertRequest").inputs["dnsNames"] == ["shop.test"]
    assert servers(declared)[0]["hosts"] == ["*"]


def test_one_authority_serves_several_gateways(declare):
    def program():
        ca = CertificateAuthority("shop", {"common_name": "shop.test", "organization": "Shop"})
        TlsGateway("one", {"authority": ca.issuer, "hosts": [{"host": "one.test"}]})
        TlsGateway("two", {"authority": ca.issuer, "hosts": [{"host": "two.test"}]})

    declared = declare(program)
    assert [r.name for r in declared.of("CertificateAuthority")] == ["shop"]
    assert {r.inputs["caCertPem"] for r in declared.of("LocallySignedCert")} == {
        pem("CERTIFICATE", "shop-g1-certificate")
    }


def test_two_instances_share_no_name(declare):
    def program():
        TlsGateway("one", {"hosts": [{"host": "one.test"}]})
        TlsGateway("two", {"hosts": [{"host": "two.test"}]})

    declared = declare(program)
    named = [(r.kind, r.manifest["metadata"].get("name", r.name)) for r in declared.resources if "metadata" in r.inputs]
    assert len(named) == len(set(named)) == 10


def test_credentials_stand_where_the_gateways_pods_run(declare):
    declared = declare(gateway(namespace="shop", gateway={"namespace": "istio-ingress", "https_port": 8443}))
    assert declared.manifest("Secret")["metadata"]["namespace"] == "istio-ingress"
    assert servers(declared)[0]["port"]["number"] == 8443
    elsewhere = {r.manifest["metadata"]["namespace"] for r in declared.resources if r.kind in ("Gateway", "Service")}
    assert elsewhere == {"shop"}


def test_http_is_redirected_to_https(declare):
    declared = declare(gateway(https_redirect=True, hosts=[{"host": "a.test"}, {"host": "b.test"}]))
    assert servers(declared)[2] == {
        "port": {"number": 80, "name": "http", "protocol": "HTTP"},
        "hosts": ["a.test", "b.test"],
        "tls": {"httpsRedirect": True},
    }


def test_versions_and_cipher_suites_are_written_on_every_server(declare):
    suites = ["ECDHE-ECDSA-AES128-GCM-SHA256"]
    declared = declare(
        gateway(
            min_tls=TlsVersion.TLS_1_1,
            max_tls="TLSV1_2",
            cipher_suites=suites,
            hosts=[{"host": f"{name}.test", "existing_credential": name} for name in ("a", "b")],
        )
    )
    written = {"minProtocolVersion": "TLSV1_1", "maxProtocolVersion": "TLSV1_2", "cipherSuites": suites}
    assert tls(declared) == [{"mode": "SIMPLE", "credentialName": name} | written for name in ("a", "b")]


def test_settings_of_a_host_win_over_the_gateways(declare):
    hosts = [{"host": "a.test"}, {"host": "b.test", "validity_days": 90, "renew_before_days": 10, "organization": "B"}]
    declared = declare(gateway(hosts=hosts, validity_days=100, organization="All"))
    hours = {
        r.name[4]: (r.inputs["validityPeriodHours"], r.inputs["earlyRenewalHours"])
        for r in declared.of("LocallySignedCert")
    }
    assert hours == {"a": (2400, 720), "b": (2160, 240)}
    organizations = {r.name[4]: r.inputs["subject"]["organization"] for r in declared.of("CertRequest")}
    assert organizations == {"a": "All", "b": "B"}


def test_long_hosts_get_names_that_kubernetes_takes(declare):
    hosts = [{"host": f"{'a' * 60}.{'b' * 60}.{tail}"} for tail in ("one.test", "two.test")]
    declared = declare(gateway(hosts=hosts))
    names = [r.manifest["metadata"]["name"] for r in declared.of("VirtualService") + declared.of("Service")]
    assert all(len(name) <= 63 for name in names)
    assert len(set(names)) == 2
    assert {len(server["port"]["name"]) for server in servers(declared)} == {63}
    assert "commonName" not in declared.of("CertRequest")[0].inputs.get("subject", {})


def test_a_host_that_is_only_known_later_needs_a_name(declare):
    def program():
        later = pulumi.Output.from_input("a.test")
        with pytest.raises(pulumi.RunError, match=r"hosts\[0\].name is missing, but must be given where the host only"):
            TlsGateway("web", {"hosts": [{"host": later}]})
        TlsGateway("web", {"hosts": [{"host": later, "name": "shop"}]})

    declared = declare(program)
    assert servers(declared)[0]["port"]["name"] == "https-shop"
    assert servers(declared)[0]["hosts"] == ["a.test"]


def test_a_name_may_begin_with_istio(declare):
    def program():
        TlsGateway("istio-web", {"hosts": [{"host": "shop.example", "credential_name": "prometheus-shop"}]})

    assert [secret.inputs["metadata"]["name"] for secret in declare(program).of("Secret")] == ["prometheus-shop"]


def test_an_address_is_certified_and_served_by_every_name(declare):
    host = {"host": "*", "sans": ["a.test", "192.0.2.10", "2001:db8::1"], "backend": {"service": "app", "port": 80}}
    declared = declare(lambda: TlsGateway("web", {"hosts": [host]}) and None)
    request = declared.one("CertRequest").inputs
    assert (request["dnsNames"], request["ipAddresses"]) == (["a.test"], ["192.0.2.10", "2001:db8::1"])
    assert declared.manifest("Gateway")["spec"]["servers"][0]["hosts"] == ["*"]
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["*"]


def test_a_host_of_one_namespace_is_certified_and_routed_without_it(declare):
    host = {"host": "shop/a.test", "sans": ["b.test"], "backend": {"service": "app", "port": 80}}
    declared = declare(
        lambda: TlsGateway("web", {"namespace": "shop", "hosts": [host], "https_redirect": True}) and None
    )
    served = [server["hosts"] for server in declared.manifest("Gateway")["spec"]["servers"]]
    assert served == [["shop/a.test", "shop/b.test"]] * 2
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["a.test", "b.test"]
    assert declared.one("CertRequest").inputs["dnsNames"] == ["a.test", "b.test"]
    assert declared.manifest("VirtualService")["metadata"]["name"] == "web-tls-a-test"
