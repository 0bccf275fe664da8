import http.server
import ssl
import threading

import pytest

from istio_ingress.live.certificates import Chain
from istio_ingress.live.client import Identity, Target, curl, send, shown_certificate
from istio_ingress.requests.untrusted_ca import untrusted_ca_certificate
from tests.unit.certificates import Authority


class Teapot(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(418)
        self.end_headers()
        self.wfile.write(self.headers["host"].encode())

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


@pytest.fixture(scope="module")
def authority():
    return Authority("test CA")


@pytest.fixture
def serve(authority, tmp_path):
    servers = []

    def start(*, client_ca=None):
        leaf = authority.issue("teapot.example.com")
        (tmp_path / "chain.pem").write_text(leaf.certificate + leaf.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "chain.pem")
        if client_ca:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=client_ca)
        server = Quiet(("127.0.0.1", 0), Teapot)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return Target(f"https://teapot.example.com:{server.server_port}/status/418", "127.0.0.1")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_host_is_asked_at_another_address_and_its_certificate_verified(serve, authority):
    target = serve()
    answer = send(target, ca=authority.certificate)
    assert (answer.status, answer.protocol, answer.refused) == (418, "HTTP/1.0", "")
    assert answer.body == target.url.split("/")[2]
    assert answer.certificate


def test_another_ca_is_refused(serve):
    assert "CERTIFICATE_VERIFY_FAILED" in send(serve(), ca=untrusted_ca_certificate()).refused


def test_a_certificate_for_another_name_is_refused(serve, authority):
    target = serve()
    renamed = Target(target.url.replace("teapot", "coffee"), target.address)
    assert "CERTIFICATE_VERIFY_FAILED" in send(renamed, ca=authority.certificate).refused


def test_a_client_certificate_is_shown_where_the_server_asks(serve, authority):
    target = serve(client_ca=authority.certificate)
    client = authority.issue("client.example.com")
    assert send(target, ca=authority.certificate, identity=Identity(client.certificate, client.key)).status == 418
    assert send(target, ca=authority.certificate).refused


def test_an_old_tls_version_is_offered_on_purpose(serve, authority):
    answer = send(serve(), ca=authority.certificate, maximum_tls=ssl.TLSVersion.TLSv1_1)
    assert answer.status == 0
    assert answer.refused


def test_cipher_suites_may_be_chosen_for_the_versions_that_have_them(serve, authority):
    offered = {"ca": authority.certificate, "maximum_tls": ssl.TLSVersion.TLSv1_2}
    target = serve()  # with an EC key
    assert send(target, ciphers="ECDHE-ECDSA-AES128-GCM-SHA256", **offered).status == 418
    assert send(target, ciphers="ECDHE-RSA-AES128-GCM-SHA256", **offered).refused


def test_a_closed_port_is_a_refusal_and_no_traceback():
    assert "refused" in send(Target("http://teapot.example.com:1/", "127.0.0.1")).refused.lower()


def test_a_key_is_never_shown():
    assert "PRIVATE" not in repr(Identity("certificate", "-----BEGIN PRIVATE KEY-----"))


def test_the_curl_line_resolves_the_name_and_names_the_files():
    target = Target("https://httpbin.example.com:30443/status/418", "10.77.0.2")
    assert curl(target, ca_file="ca.crt", certificate_file="client.crt", key_file="client.key") == (
        "curl -sS -i --noproxy '*' --resolve httpbin.example.com:30443:10.77.0.2 --cacert ca.crt"
        " --cert client.crt --key client.key https://httpbin.example.com:30443/status/418"
    )
    assert "--resolve a.example.com:80:192.0.2.7" in curl(Target("http://a.example.com/", "192.0.2.7"))


def test_the_certificate_that_is_shown_is_seen_whoever_issued_it(serve, authority):
    port = int(serve().url.split(":")[2].split("/")[0])
    shown = Chain.read(shown_certificate("127.0.0.1", port, "teapot.example.com"))
    assert shown.names == ["teapot.example.com"]
    assert shown.is_issued_by(Chain.read(authority.certificate))


def test_it_is_seen_where_a_client_certificate_is_asked_for(serve, authority):
    port = int(serve(client_ca=authority.certificate).url.split(":")[2].split("/")[0])
    assert Chain.read(shown_certificate("127.0.0.1", port, "teapot.example.com")).names == ["teapot.example.com"]


def test_nobody_listening_is_an_os_error():
    with pytest.raises(OSError, match="refused"):
        shown_certificate("127.0.0.1", 1, "teapot.example.com")
