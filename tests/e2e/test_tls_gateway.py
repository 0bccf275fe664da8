"""HTTPS through the gateway: which certificate a host serves, to whom, and over which versions of TLS."""

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from istio_ingress.requests.untrusted_ca import untrusted_ca_certificate
from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, KeyAlgorithm, TlsGateway, TlsVersion, WorkloadKind

ns = pulumi.Config().require("namespace")
ca = CertificateAuthority("ca", {"common_name": "example.com", "organization": "example Inc."})
web = TlsGateway("web", {
    "namespace": ns,
    "authority": ca.issuer,
    "https_redirect": True,
    "hosts": [
        {
            "host": f"bin.{ns}.example.com",
            "organization": "httpbin organization",
            "sans": [f"also.{ns}.example.com"],
            "workload": {"name": "httpbin", "image": "lab.local/go-httpbin:1"},
        },
        {
            "host": f"hello.{ns}.example.com",
            "organization": "helloworld organization",
            "routes": [{"exact": "/hello"}],
            "workload": {"kind": WorkloadKind.HELLOWORLD, "image": "lab.local/helloworld:1"},
        },
    ],
})
backend = {"service": "httpbin", "port": 8000}
own = TlsGateway("own", {"namespace": ns, "hosts": [{"host": f"own.{ns}.example.com", "backend": backend}]})
for name, args in {
    "newest": {"min_tls": TlsVersion.TLS_1_3},
    "older": {"max_tls": TlsVersion.TLS_1_2},
    "oldest": {"min_tls": TlsVersion.TLS_1_1, "cipher_suites": ["ECDHE-ECDSA-AES128-SHA"]},
    "ciphers": {"cipher_suites": ["ECDHE-ECDSA-AES256-GCM-SHA384"]},
    "rsa": {"key_algorithms": [KeyAlgorithm.RSA_3072]},
    "p384": {"key_algorithms": [KeyAlgorithm.ECDSA_P384]},
    "both": {"key_algorithms": [KeyAlgorithm.ECDSA_P256, KeyAlgorithm.RSA_2048]},
    "wild": {},
}.items():
    host = f"*.{name}.{ns}.example.com" if name == "wild" else f"{name}.{ns}.example.com"
    TlsGateway(name, {
        "namespace": ns, "authority": ca.issuer, "hosts": [{"host": host, "backend": backend}], **args,
    })
pulumi.export("ca", ca.certificate)
pulumi.export("own_ca", own.ca_certificate)
pulumi.export("credentials", web.credentials)
"""
TLS_1_1, TLS_1_2 = ({"maximum_tls": version} for version in (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2))
# Python warns of the versions that are offered here to see them refused.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")


@pytest.fixture(scope="module")
def outputs(new_stack, namespace):
    return new_stack(PROGRAM).up(namespace=namespace)


@pytest.fixture(scope="module")
def get(outputs, requests, namespace):
    """Sends a request over TLS to one of the module's hosts, once the gateway serves them all."""

    def send(host, path="/status/418", ca=outputs["ca"], **options):
        return requests.https(f"{host}.{namespace}.example.com", path, ca=ca, **options)

    for host in ("bin", "newest", "older", "ciphers", "rsa", "p384", "both", "x.wild"):
        eventually(lambda: send(host), lambda answer: answer.status == 418)  # noqa: B023
    eventually(lambda: send("own", ca=outputs["own_ca"]), lambda answer: answer.status == 418)
    return send


def certificate(answer):
    return x509.load_der_x509_certificate(answer.certificate)


def dns_names(answer):
    names = certificate(answer).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName)


def test_the_teapot_answers_over_http_2(get):
    answer = get("bin")
    assert (answer.status, answer.protocol) == (418, "HTTP/2")
    assert get("bin", "/headers").status == 404


def test_a_client_that_trusts_another_authority_refuses(get, outputs):
    assert "CERTIFICATE_VERIFY_FAILED" in get("bin", ca=untrusted_ca_certificate()).refused
    assert "CERTIFICATE_VERIFY_FAILED" in get("bin", ca=outputs["own_ca"]).refused


def test_two_hosts_serve_their_own_certificates_and_routes(get, namespace):
    httpbin, hello = get("bin"), get("hello", "/hello")
    assert "Hello version: v1" in hello.body
    assert get("bin", "/hello").status == get("hello", "/status/418").status == 404
    assert dns_names(httpbin) == [f"bin.{namespace}.example.com", f"also.{namespace}.example.com"]
    assert dns_names(hello) == [f"hello.{namespace}.example.com"]
    for answer, organization in ((httpbin, "httpbin organization"), (hello, "helloworld organization")):
        subject = certificate(answer).subject.rfc4514_string()
        assert subject == f"CN={dns_names(answer)[0]},O={organization}"
        assert certificate(answer).issuer.rfc4514_string() == "CN=example.com,O=example Inc."


def test_every_name_in_the_certificate_is_served(get):
    assert get("also").status == 418
    assert get("also").certificate == get("bin").certificate


def test_a_wildcard_host_serves_one_label_below_it(get, namespace):
    assert get("x.wild").status == get("y.wild").status == 418
    assert dns_names(get("x.wild")) == [f"*.wild.{namespace}.example.com"]
    assert "CERTIFICATE_VERIFY_FAILED" in get("x.y.wild").refused


def test_an_unknown_name_is_refused_before_any_certificate(get):
    for host in ("nobody", "x.bin", "wild"):
        refused = get(host).refused
        assert refused
        assert "CERTIFICATE_VERIFY_FAILED" not in refused


def test_two_instances_have_authorities_of_their_own(get, outputs):
    assert get("own", ca=outputs["own_ca"]).status == 418
    assert "CERTIFICATE_VERIFY_FAILED" in get("own").refused


def test_plain_http_is_sent_to_https_where_that_was_asked(get, requests, namespace):
    for host in ("bin", "hello", "also"):
        named = f"{host}.{namespace}.example.com"
        answer = requests.http(named, "/status/418?a=b")
        assert (answer.status, answer.body) == (301, "")
        # Envoy repeats the host as the client wrote it; behind a load balancer that is without a port.
        assert answer.location == f"https://{named}:{requests.ingress.ports['http']}/status/418?a=b"
    assert requests.http(f"own.{namespace}.example.com", "/status/418").status == 404


def test_tls_1_1_is_refused_by_default_and_1_2_is_not(get):
    assert "alert protocol version" in get("bin", **TLS_1_1).refused
    assert get("bin", **TLS_1_2).status == 418


def test_a_newer_oldest_version_refuses_1_2(get):
    assert get("newest").status == 418
    assert "alert protocol version" in get("newest", **TLS_1_2).refused


def test_an_older_newest_version_still_serves_1_2(get):
    assert get("older", **TLS_1_2).status == 418
    assert get("older").status == 418


def test_an_older_oldest_version_with_its_ciphers_serves_1_1(get):
    assert get("oldest", **TLS_1_1).status == 418


def test_only_the_named_cipher_suites_are_accepted(get):
    named, other = "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"
    assert get("ciphers", ciphers=named, **TLS_1_2).status == 418
    assert "handshake failure" in get("ciphers", ciphers=other, **TLS_1_2).refused
    assert get("bin", ciphers=other, **TLS_1_2).status == 418


def test_the_key_is_p_256_unless_another_is_chosen(get):
    keys = {host: certificate(get(host)).public_key() for host in ("bin", "p384", "rsa")}
    assert isinstance(keys["bin"].curve, ec.SECP256R1)
    assert isinstance(keys["p384"].curve, ec.SECP384R1)
    assert keys["rsa"].key_size == 3072


def test_of_an_ec_and_an_rsa_key_the_client_gets_the_one_it_can_verify(get):
    clients = {
        "ECDHE-ECDSA-AES128-GCM-SHA256": ec.EllipticCurvePublicKey,
        "ECDHE-RSA-AES128-GCM-SHA256": rsa.RSAPublicKey,
    }
    for ciphers, kind in clients.items():
        answer = get("both", ciphers=ciphers, **TLS_1_2)
        assert answer.status == 418
        assert isinstance(certificate(answer).public_key(), kind)
    assert "handshake failure" in get("bin", ciphers="ECDHE-RSA-AES128-GCM-SHA256", **TLS_1_2).refused


def test_the_names_of_the_credentials_are_an_output(get, outputs, namespace):
    assert set(outputs["credentials"]) == {f"{host}-{namespace}-example-com" for host in ("bin", "hello")}
    for name in outputs["credentials"].values():
        assert kubectl("get", "secret", name, "-n", "istio-system", "-o", "jsonpath={.type}") == "kubernetes.io/tls"
