"""Wrong arguments end in one sentence, and nothing is declared."""

import pulumi
import pytest

from components import CertificateAuthority, HttpbinIngress, MutualTlsGateway, PassthroughNginx, TlsGateway

ONE_HOST = {"host": "a.test"}


@pytest.mark.parametrize(
    ("component", "args", "given", "wanted"),
    [
        (HttpbinIngress, {"host": "a.test"}, "host is 'a.test'", "left out: the fields are backend, entry, gateway"),
        (HttpbinIngress, {"hosts": "a.test"}, "hosts is 'a.test'", "a list."),
        (HttpbinIngress, {"hosts": []}, "hosts is []", "left out, or a list with something in it."),
        (HttpbinIngress, {"hosts": ["A.test"]}, "hosts[0] is 'A.test'", "a DNS name, '*.' and a DNS name, or '*'"),
        (HttpbinIngress, {"hosts": ["10.0.0.1"]}, "hosts[0] is '10.0.0.1'", "a DNS name"),
        (HttpbinIngress, {"hosts": ["a.*.test"]}, "hosts[0] is 'a.*.test'", "a DNS name"),
        (HttpbinIngress, {"namespace": "a.b"}, "namespace is 'a.b'", "a DNS label"),
        (HttpbinIngress, {"namespace": None}, "namespace is missing", "a DNS label"),
        (HttpbinIngress, {"gateway": "istio"}, "gateway is 'istio'", "a mapping with the fields of IngressGateway."),
        (HttpbinIngress, {"gateway": {"selector": {}}}, "gateway.selector is {}", "labels"),
        (HttpbinIngress, {"gateway": {"http_port": "80"}}, "gateway.http_port is '80'", "a port number"),
        (HttpbinIngress, {"gateway": {"http_port": True}}, "gateway.http_port is True", "a port number"),
        (HttpbinIngress, {"gateway_name": "my.gateway"}, "gateway_name is 'my.gateway'", "a DNS label"),
        (HttpbinIngress, {"routes": [{"prefix": "status"}]}, "routes[0].prefix is 'status'", "a path that begins"),
        (HttpbinIngress, {"backend": {"service": "a"}}, "backend.port is missing", "a port number"),
        (HttpbinIngress, {"backend": {"service": "a", "port": 0}}, "backend.port is 0", "a port number"),
        (
            HttpbinIngress,
            {"workload": {"kind": "nginx"}},
            "workload.kind is 'nginx'",
            "one of 'httpbin', 'helloworld'.",
        ),
        (HttpbinIngress, {"workload": {"image": "my image"}}, "workload.image is 'my image'", "an image reference."),
        (
            HttpbinIngress,
            {"entry": "door"},
            "entry is 'door'",
            "one of 'gateway', 'ingress-class', 'ingress-annotation'.",
        ),
        (TlsGateway, {"https_redirect": "yes"}, "https_redirect is 'yes'", "true or false."),
        (TlsGateway, {"hosts": [{}]}, "hosts[0].host is missing", "a DNS name"),
        (
            TlsGateway,
            {"hosts": [ONE_HOST | {"credential_name": "a-cacert"}]},
            "hosts[0].credential_name is 'a-cacert'",
            "a Secret's bare name, not beginning",
        ),
        (
            TlsGateway,
            {"hosts": [ONE_HOST | {"credential_name": "istio-a"}]},
            "hosts[0].credential_name is 'istio-a'",
            "a Secret's bare name, not beginning",
        ),
        (
            TlsGateway,
            {"hosts": [ONE_HOST | {"credential_name": "ns/a"}]},
            "hosts[0].credential_name is 'ns/a'",
            "a Secret's bare name, not beginning",
        ),
        (
            TlsGateway,
            {"hosts": [ONE_HOST | {"validity_days": 0}]},
            "hosts[0].validity_days is 0",
            "a whole number of days",
        ),
        (
            TlsGateway,
            {"secret_format": "opaque"},
            "secret_format is 'opaque'",
            "one of 'tls', 'generic', 'separate-ca'.",
        ),
        (
            TlsGateway,
            {"key_algorithms": ["ecdsa-p224"]},
            "key_algorithms[0] is 'ecdsa-p224'",
            "one of 'ecdsa-p256', 'ecdsa-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096'.",
        ),
        (TlsGateway, {"min_tls": "1.2"}, "min_tls is '1.2'", "one of 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'."),
        (MutualTlsGateway, {"crl": "revoked"}, "crl is 'revoked'", "certificate revocation lists in PEM format."),
        (MutualTlsGateway, {"client_ca": "a"}, "client_ca is 'a'", "text in PEM format."),
        (MutualTlsGateway, {"clients": [{"name": "A"}]}, "clients[0].name is 'A'", "a DNS label"),
        (PassthroughNginx, {"container_port": 443}, "container_port is 443", "a port number from 1024 to 65535."),
        (
            CertificateAuthority,
            {"common_name": "x" * 65},
            f"common_name is '{'x' * 65}'",
            "text of at most 64 characters",
        ),
        (CertificateAuthority, {"generation": 0}, "generation is 0", "a whole number from 1"),
    ],
)
def test_a_wrong_argument_is_refused_before_anything_is_declared(declare, component, args, given, wanted):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            component("shop", args)
        assert str(refused.value).startswith(f'{component.__name__} "shop": {given}, but must be {wanted}')
        assert str(refused.value).endswith(".")
        assert "\n" not in str(refused.value)

    assert declare(program).resources == []


@pytest.mark.parametrize("name", ["Shop", "shop.web", "1shop", "s" * 41, ""])
@pytest.mark.parametrize("component", [HttpbinIngress, TlsGateway, MutualTlsGateway, PassthroughNginx])
def test_a_name_that_kubernetes_would_refuse_is_refused(declare, component, name):
    def program():
        with pytest.raises(pulumi.RunError, match="the component's name is"):
            component(name, {})

    assert declare(program).resources == []


def test_a_private_key_is_in_no_sentence(declare):
    issuer = {"certificate": "-----BEGIN CERTIFICATE-----\n", "private_key": ["the key itself"]}

    def program():
        with pytest.raises(pulumi.RunError, match=r"authority.private_key is '\(not shown\)'") as refused:
            TlsGateway("shop", {"authority": issuer})
        assert "the key itself" not in str(refused.value)

    declare(program)


def test_what_is_only_known_during_the_update_is_let_through(declare):
    def program():
        later = pulumi.Output.from_input
        HttpbinIngress(
            "shop",
            {
                "namespace": later("team"),
                "hosts": [later("a.test")],
                "backend": {"service": later("a"), "port": later(80)},
            },
        )

    assert declare(program).manifest("Gateway")["spec"]["servers"][0]["hosts"] == ["a.test"]
