"""Wrong arguments end in one sentence, and nothing is declared."""

import base64

import pulumi
import pytest

from istio_ingress import CertificateAuthority, HttpbinIngress, MutualTlsGateway, PassthroughNginx, TlsGateway
from tests.unit.certificates import Authority

ONE_HOST = {"host": "a.test"}


@pytest.mark.parametrize(
    ("component", "args", "given", "wanted"),
    [
        (
            HttpbinIngress,
            {"host": "a.test"},
            "host is 'a.test'",
            "left out: the fields are annotations, api_version, backend",
        ),
        (HttpbinIngress, {"hosts": "a.test"}, "hosts is 'a.test'", "a list."),
        (HttpbinIngress, {"hosts": []}, "hosts is []", "left out, or a list with something in it."),
        (HttpbinIngress, {"hosts": ["A.test"]}, "hosts[0] is 'A.test'", "a DNS name, '*.' and a DNS name, or '*'"),
        (HttpbinIngress, {"hosts": ["10.0.0.1"]}, "hosts[0] is '10.0.0.1'", "a DNS name"),
        (HttpbinIngress, {"hosts": ["a.*.test"]}, "hosts[0] is 'a.*.test'", "a DNS name"),
        (HttpbinIngress, {"namespace": "a.b"}, "namespace is 'a.b'", "a DNS label"),
        (HttpbinIngress, {"hosts": [None]}, "hosts[0] is missing", "a DNS name"),
        (HttpbinIngress, {"gateway": {"selector": {"app": 1}}}, "gateway.selector is {'app': 1}", "labels"),
        (HttpbinIngress, ["a.test"], "args is ['a.test']", "a mapping with the fields of HttpbinIngressArgs."),
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
            "a Secret's bare name, not ending in '-cacert'",
        ),
        (
            TlsGateway,
            {"hosts": [ONE_HOST | {"credential_name": "ns/a"}]},
            "hosts[0].credential_name is 'ns/a'",
            "a Secret's bare name, not ending in '-cacert'",
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


@pytest.mark.parametrize("name", ["", None, 1])
@pytest.mark.parametrize("component", [HttpbinIngress, TlsGateway, MutualTlsGateway, PassthroughNginx])
def test_a_name_that_is_no_text_is_refused(declare, component, name):
    def program():
        with pytest.raises(pulumi.RunError, match="the component's name is"):
            component(name, {})

    assert declare(program).resources == []


def test_a_private_key_is_in_no_sentence(declare):
    issuer = {"certificate": "-----BEGIN CERTIFICATE-----\n", "private_key": ["the key itself"]}

    def program():
        with pytest.raises(pulumi.RunError, match=r"authority.private_key is \(not shown\)") as refused:
            TlsGateway("shop", {"authority": issuer})
        assert "the key itself" not in str(refused.value)

    declare(program)


KEY = Authority("any").key
BASE64 = base64.b64encode(KEY.encode()).decode()
BODY = "".join(KEY.splitlines()[1:-1])


@pytest.mark.parametrize("key", [KEY, BASE64, BODY], ids=["PEM", "base64 of PEM", "body of PEM"])
@pytest.mark.parametrize(
    "given",
    [
        lambda key: [key],
        lambda key: {"authority": key},
        lambda key: {"authority": {"certificate": "-----BEGIN", "private_key": "-----BEGIN", "key": key}},
        lambda key: {"labels": {"team": key}},
        lambda key: {"hosts": {"private_key": key}},
        lambda key: {"hosts": [{"host": "a.test", "credential": {"tls.key": key}}]},
        lambda key: {"hosts": [{"host": "a.test", "existing_credential": key}]},
        lambda key: {"hosts": [{"host": "a.test", "given_certificate": {"tls.key": key, "tls.crt": key}}]},
        lambda key: {"patches": {"Secret": {"data": {"tls.key": key}}, "Gatway": {"a": key}}},
    ],
)
def test_a_key_in_the_wrong_place_is_in_no_sentence(declare, given, key):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            TlsGateway("shop", given(key))
        assert not any(key[start : start + 12] in str(refused.value) for start in range(30, len(key) - 40))

    declare(program)


def test_what_stands_instead_of_a_pair_or_beside_it_is_not_shown(declare):
    sentences = []

    def program():
        for given in ("open sesame", {"certificate": "-----", "private_key": "-----", "password": "open sesame"}):
            with pytest.raises(pulumi.RunError) as refused:
                TlsGateway("shop", {"hosts": [{"host": "a.test", "given_certificate": given}]})
            sentences.append(str(refused.value))

    declare(program)
    assert "given_certificate is (not shown), but must be a mapping" in sentences[0]
    assert "given_certificate.password is (not shown), but must be left out" in sentences[1]


def test_arguments_that_are_left_out_are_the_defaults(declare):
    def declared(*args):
        made = declare(lambda: TlsGateway("web", *args) and None).resources
        return {(one.type, one.name): one.inputs for one in made}

    assert declared() == declared(None) == declared({})


@pytest.mark.parametrize("what", ["name", "args"])
def test_an_output_that_decides_everything_is_refused(declare, what):
    def program():
        later = pulumi.Output.from_input("shop")
        with pytest.raises(pulumi.RunError, match=f"{what} is an Output, but must be"):
            TlsGateway(*((later, {}) if what == "name" else ("shop", later)))

    assert declare(program).resources == []


def test_a_redirect_that_only_the_update_knows_is_refused(declare):
    def program():
        with pytest.raises(pulumi.RunError, match=r"https_redirect is an Output, .* depends on it: true or false\."):
            TlsGateway("shop", {"https_redirect": pulumi.Output.from_input(False)})

    assert declare(program).resources == []


def test_a_gateway_comes_whole_from_another_stack(declare):
    def program():
        HttpbinIngress("shop", {"gateway": pulumi.Output.from_input({"selector": {"istio": "edge"}})})
        TlsGateway("web", {"gateway": pulumi.Output.secret({"namespace": "edge", "https_port": 444})})

    declared = declare(program)
    http = declared.manifest("Gateway", "shop-gateway")["spec"]
    assert (http["selector"], http["servers"][0]["port"]["number"]) == ({"istio": "edge"}, 80)
    https = declared.manifest("Gateway", "web-gateway")["spec"]
    assert (https["selector"], https["servers"][0]["port"]["number"]) == ({"istio": "ingressgateway"}, 444)
    assert declared.manifest("Secret")["metadata"]["namespace"] == "edge"


def test_a_gateway_of_another_stack_is_looked_at_when_it_is_known(declare):
    def program():
        HttpbinIngress("shop", {"gateway": pulumi.Output.from_input({"http_port": "80"})})

    with pytest.raises(pulumi.RunError, match=r"gateway\.http_port is '80', but must be a port number"):
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
