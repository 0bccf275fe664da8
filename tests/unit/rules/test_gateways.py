"""A Gateway by itself: names, ports, hosts and TLS settings."""

import pytest

from istio_ingress.rules import hosts, words
from tests.unit.rules.build import check, gateway, http, https, names, pods, service


def broken(*servers, **settings):
    return [finding.rule for finding in check(gateway("shop", *servers), **settings)]


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        ("shop", True),
        ("s-1", True),
        ("s" * 63, True),
        ("s" * 64, False),
        ("Shop", False),
        ("-shop", False),
        ("a.b", False),
    ],
)
def test_the_name_is_a_dns_label(name, valid):
    assert names(gateway(name, http("shop.example"))) == ([] if valid else [f"gateway-name: shop/{name}"])


def test_the_length_of_a_name_is_told_when_it_is_too_long():
    (long,) = check(gateway("s" * 64, http("shop.example")))
    (dotted,) = check(gateway("a.b", http("shop.example")))

    assert "of 64 characters" in long.message
    assert "characters" not in dotted.message


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ({"number": 80, "name": "http", "protocol": "HTTP"}, None),
        ({"number": 1, "name": "tcp", "protocol": "TCP"}, None),
        ({"number": 65535, "name": "grpc", "protocol": "gRPC-Web"}, None),
        ({"number": 0, "name": "http", "protocol": "HTTP"}, "The port number is 0."),
        ({"number": 65536, "name": "http", "protocol": "HTTP"}, "The port number is 65536."),
        ({"name": "http", "protocol": "HTTP"}, "The port has no number."),
        ({"number": 80, "name": "http", "protocol": "HTTP/2"}, "The protocol is 'HTTP/2'."),
        ({"number": 80, "name": "http"}, "The protocol is ''."),
        ({"number": 80, "protocol": "HTTP"}, "This port has no name."),
    ],
)
def test_a_port_has_a_number_a_name_and_a_protocol(port, said):
    found = check(gateway("shop", {"port": port, "hosts": ["shop.example"]}))

    assert [finding.message for finding in found] == ([said] if said else [])


def test_a_unix_socket_needs_no_number():
    port = {"number": 0, "name": "http", "protocol": "HTTP"}

    assert broken({"port": port, "hosts": ["shop.example"], "bind": "unix:///run/shop.sock"}) == []


@pytest.mark.parametrize(
    "host",
    [
        "shop.example",
        "*",
        "*.shop.example",
        "10.0.0.1",
        "*/shop.example",
        "./*",
        "blog/*.shop.example",
        "X.Example",
    ],
)
def test_hosts_that_are_hosts(host):
    assert broken(http(host)) == []


@pytest.mark.parametrize(
    ("host", "fault"),
    [
        ("https://shop.example", "it has a scheme"),
        ("shop.example:443", "it has a port"),
        ("www.*.example", "a wildcard can only begin the first label"),
        ("shop*.example", "a wildcard can only begin the first label"),
        ("*shop", "a wildcard can only begin the first label"),
        ("shop_1.example", "'shop_1' is not a DNS label"),
        ("shop..example", "'' is not a DNS label"),
        ("", "'' is not a DNS label"),
        ("a" * 64 + ".example", f"its label {'a' * 64!r} has 64 characters and 63 are allowed"),
        (".".join(["a" * 49] * 5) + ".abcd", "it has 254 characters and 253 are allowed"),
        ("shop.1", "its last label '1' is a number"),
        ("*.shop.12", "its last label '12' is a number"),
    ],
)
def test_hosts_that_are_none(host, fault):
    assert hosts.fault(host) == fault


def test_a_host_may_have_253_characters_and_a_label_63():
    assert hosts.fault(".".join(["a" * 49] * 5) + ".abc") == ""
    assert hosts.fault("a" * 63 + ".example") == ""


@pytest.mark.parametrize(
    ("tls", "rule"),
    [
        ({}, None),
        ({"mode": "MUTUAL"}, None),
        ({"mode": "OPTIONAL_MUTUAL"}, None),
        ({"mode": "PASSTHROUGH", "credentialName": ""}, None),
        ({"mode": "ISTIO_MUTUAL", "credentialName": ""}, None),
        ({"mode": "SIMPLE", "credentialName": "", "serverCertificate": "/c", "privateKey": "/k"}, None),
        ({"credentialName": "", "tlsCertificates": [{"serverCertificate": "/c", "privateKey": "/k"}]}, None),
        ({"credentialName": "", "credentialNames": ["rsa", "ecdsa"]}, None),
        ({"minProtocolVersion": "TLSV1_2"}, None),
        ({"minProtocolVersion": "TLSV1_3"}, None),
        ({"mode": ""}, "tls-mode-missing"),
        ({"mode": "mutual"}, "value-refused"),
        ({"credentialName": ""}, "tls-credential-missing"),
        ({"credentialName": "", "serverCertificate": "/c"}, "tls-credential-missing"),
        ({"credentialName": "", "tlsCertificates": [{"serverCertificate": "/c"}]}, "tls-credential-missing"),
        ({"mode": "PASSTHROUGH"}, "tls-credential-unused"),
        ({"mode": "PASSTHROUGH", "credentialName": "", "caCertificates": "/ca"}, "tls-credential-unused"),
        ({"serverCertificate": "/c", "privateKey": "/k"}, "tls-credential-ambiguous"),
        ({"mode": "ISTIO_MUTUAL"}, "tls-credential-ambiguous"),
        (
            {"mode": "SIMPLE", "caCrl": "/crl", "credentialName": "", "serverCertificate": "/c", "privateKey": "/k"},
            "crl-misplaced",
        ),
        ({"minProtocolVersion": "TLSV1_0", "cipherSuites": ["AES128-SHA"]}, "tls-version-low"),
        ({"httpsRedirect": True}, "https-redirect-on-tls"),
    ],
    ids=str,
)
def test_tls_settings(tls, rule):
    assert broken(https("shop.example", **tls)) == ([rule] if rule else [])


def test_mutual_tls_from_files_needs_the_ca_from_a_file():
    files = {"mode": "MUTUAL", "credentialName": "", "serverCertificate": "/c", "privateKey": "/k"}

    assert broken(https("shop.example", **files, caCertificates="/ca", caCrl="/crl")) == []
    assert broken(https("shop.example", **files)) == ["mutual-ca-file-missing"]


@pytest.mark.parametrize(
    ("tls", "valid"),
    [
        ({"httpsRedirect": True}, True),
        ({"httpsRedirect": False}, True),
        ({"mode": "PASSTHROUGH"}, True),
        ({"mode": "SIMPLE"}, False),
        ({"mode": "PASSTHROUGH", "credentialName": "shop"}, False),
        ({"httpsRedirect": True, "credentialName": "shop"}, False),
    ],
)
def test_only_a_redirect_stands_on_a_plain_port(tls, valid):
    assert broken(http("shop.example", tls=tls)) == ([] if valid else ["tls-settings-on-plain-port"])


def test_an_https_server_without_tls_is_not_taken_for_a_plain_one():
    bare = {"port": {"number": 443, "name": "bare", "protocol": "HTTPS"}, "hosts": ["blog.example"]}

    assert broken(https("shop.example"), bare) == ["tls-settings-missing"]


def test_a_port_of_the_gateway_is_one_of_its_service_or_behind_one():
    front = service("gw", (80, 8080), namespace="istio-system", selector={"istio": "ingressgateway"})
    run = pods(istio="ingressgateway")

    def found(port):
        return names(gateway("shop", http("shop.example", port=port)), run, front)

    assert found(80) == found(8080) == []
    assert found(8081) == ["gateway-port-unserved: shop/shop"]


def test_many_things_are_told_in_few_words():
    assert words.some([]) == ""
    assert words.some("abc") == "a, b, c"
    assert words.some("abcd") == "a, b, c and 1 more"
    assert words.labels({"b": "2", "a": "1"}) == "a=1,b=2"
    assert words.labels({}) == "every pod"


@pytest.mark.parametrize("name", ["ECDHE-RSA-AES128-GCM-SHA256", "DES-CBC3-SHA", "ALL", "-AES128-SHA"])
def test_ciphers_that_istio_takes(name):
    assert broken(https("shop.example", cipherSuites=[name])) == []


@pytest.mark.parametrize("names_", [["TLS_AES_128_GCM_SHA256"], ["AES128-SHA", "AES128-SHA"]])
def test_ciphers_that_istio_leaves_out(names_):
    assert broken(https("shop.example", cipherSuites=names_)) == ["cipher-suite-ignored"]
