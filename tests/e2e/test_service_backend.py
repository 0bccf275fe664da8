"""ServiceBackend: what the backend itself sees of it, and what becomes of requests that break a limit."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl

PROGRAM = """
import pulumi
from pulumi_kubernetes.core.v1 import Service
from istio_ingress import (
    BackendProtocol, HttpbinIngress, HttpGateway, MutualTlsGateway, PassthroughNginx, ProxyProtocol, ServiceBackend,
)

ns = pulumi.Config().require("namespace")
hosts = []


def host(name):
    return f"{name}.{ns}.example.com"


def serve(name, backend):
    hosts.append({"host": host(name), "backend": backend})


def also(name, labels, port, target):
    # The pods of a Service under another name.
    Service(
        name,
        metadata={"name": name, "namespace": ns, "annotations": {"pulumi.com/skipAwait": "true"}},
        spec={"selector": labels, "ports": [{"name": "any", "port": port, "targetPort": target}]},
    )
    return {"service": name, "port": port, "namespace": ns}


def told(name, place, **policy):
    serve(name, ServiceBackend(name, {**place, **policy}).backend)


CONF = '''worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c;
  uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  server {
    listen 8443 ssl LISTEN;
    ssl_certificate /etc/nginx-server-certs/tls.crt;
    ssl_certificate_key /etc/nginx-server-certs/tls.key;
    ssl_verify_client optional_no_ca;
    location / {
      return 200 '{"protocol": "$server_protocol", "sni": "$ssl_server_name", "client": "$ssl_client_s_dn",
        "address": "$proxy_protocol_addr", "connection": $connection}';
    }
  }
}
'''


def nginx(name, listen):
    return PassthroughNginx(name, {
        "namespace": ns,
        "hosts": [host(f"{name}-sni")],
        "nginx_conf": CONF.replace("LISTEN", listen),
        "image": "lab.local/nginx:1",
    })


tls, proxied = nginx("tls", ""), nginx("proxied", "http2 proxy_protocol")
clients = MutualTlsGateway("clients", {
    "namespace": ns,
    "hosts": [{"host": host("clients"), "backend": {"service": "tls", "port": 443}}],
    "clients": [{"name": "gateway"}],
})
client = {
    "certificate": clients.client_certificates["gateway"], "private_key": clients.client_keys["gateway"],
}
told("one-way", also("one-way", {"app": "tls"}, 443, 8443), tls={
    "ca_certificate": tls.ca_certificate, "sni": host("tls-sni"),
})
told("mutual", also("mutual", {"app": "tls"}, 443, 8443), tls={
    "ca_certificate": tls.ca_certificate, "sni": host("tls-sni"), "client": client,
})
told("brief", also("brief", {"app": "tls"}, 443, 8443), connection_pool={"http": {"idle_timeout": "100ms"}}, tls={
    "ca_certificate": tls.ca_certificate, "sni": host("tls-sni"),
})
told("foreign", also("foreign", {"app": "tls"}, 443, 8443), tls={
    "ca_certificate": proxied.ca_certificate, "sni": host("tls-sni"),
})
told("misnamed", also("misnamed", {"app": "tls"}, 443, 8443), tls={
    "ca_certificate": tls.ca_certificate, "sni": host("tls-sni"), "subject_alt_names": ["other.example"],
})
serve("untold", {"service": tls.service, "port": 443})
told(
    "proxy",
    {"service": proxied.service, "port": 443, "namespace": ns},
    protocol=BackendProtocol.HTTP2,
    proxy_protocol=ProxyProtocol.V2,
    tls={"ca_certificate": proxied.ca_certificate, "sni": host("proxied-sni")},
)

hello = HttpbinIngress("hello", {
    "namespace": ns,
    "hosts": [host("hello")],
    "routes": [{"prefix": "/"}],
    "workload": {"kind": "helloworld", "image": "lab.local/helloworld:1", "replicas": 3},
})
for kind, hashed in {
    "cookie": {"http_cookie": {"name": "pod"}},
    "header": {"http_header_name": "x-user"},
    "parameter": {"http_query_parameter_name": "user"},
    "address": {"use_source_ip": True},
}.items():
    told(kind, also(kind, {"app": "hello"}, 5000, 5000), load_balancer={"consistent_hash": hashed})

httpbin = HttpbinIngress("httpbin", {
    "namespace": ns, "hosts": [host("bin")], "routes": [{"prefix": "/"}],
    "workload": {"image": "lab.local/go-httpbin:1"},
})
told("narrow", also("narrow", {"app": "httpbin"}, 8000, 8080), connection_pool={
    "tcp": {"max_connections": 1}, "http": {"http1_max_pending_requests": 1},
})
told("ejected", also("ejected", {"app": "httpbin"}, 8000, 8080), outlier_detection={
    "consecutive_5xx_errors": 1, "interval": "100ms", "base_ejection_time": "60s", "max_ejection_percent": 100,
})
subsets = ServiceBackend("subsets", {
    **also("subsets", {"app": "httpbin"}, 8000, 8080),
    "subsets": {"v1": {"labels": {"version": "v1"}}, "v2": {"labels": {"version": "v2"}}},
})
hosts.append({"host": host("subsets"), "backend": subsets.backend, "routes": [
    {"exact": "/status/200", "subset": "v1"}, {"exact": "/status/201", "subset": "v2"},
]})
HttpGateway("web", {"namespace": ns, "hosts": hosts})
"""


@pytest.fixture(scope="module")
def ask(new_stack, namespace, ingress):
    """Sends a request to one of the hosts."""
    new_stack(PROGRAM).up(namespace=namespace)
    edge = Edge(ingress.host, ingress.ports["http"])

    def ask(host, path="/", headers=None):
        return edge.ask(f"{host}.{namespace}.example.com", path, headers=headers)

    for host, path in {"one-way": "/", "mutual": "/", "proxy": "/", "cookie": "/hello", "narrow": "/get"}.items():
        eventually(lambda: ask(host, path), lambda answer: answer.status_code == 200)  # noqa: B023
    return ask


def seen(answer):
    """What nginx saw of a request."""
    return json.loads(answer.text)


def test_tls_is_spoken_to_a_backend_that_has_a_certificate_of_the_right_authority(ask, namespace):
    answer = seen(ask("one-way"))
    assert answer.pop("connection") > 0
    assert answer == {"protocol": "HTTP/1.1", "sni": f"tls-sni.{namespace}.example.com", "client": "", "address": ""}
    assert ask("untold").status_code == 400, "plain HTTP, which nginx does not take on this port"


@pytest.mark.parametrize("host", ["foreign", "misnamed"])
def test_a_backend_is_not_believed(ask, namespace, host):
    assert ask(host).status_code == 503

    def lines():
        logs = kubectl("logs", "--namespace=istio-system", "deployment/istio-ingressgateway", "--since=1m")
        return [line for line in logs.splitlines() if f"{host}.{namespace}.example.com" in line]

    assert any("CERTIFICATE_VERIFY_FAILED" in line for line in eventually(lines, bool))


def test_the_gateway_shows_a_certificate_where_it_has_one(ask):
    assert "CN=gateway" in seen(ask("mutual"))["client"]


def test_http2_is_spoken_and_the_proxy_protocol_tells_the_address(ask):
    answer = seen(ask("proxy"))
    assert answer["protocol"] == "HTTP/2.0"
    assert answer["address"].count(".") == 3


def pods(ask, host, path="/hello", headers=lambda _: None):
    """Which pods answered a dozen requests."""
    return {ask(host, path, headers=headers(number)).text for number in range(12)}


def test_without_stickiness_every_pod_answers(ask):
    assert len(pods(ask, "hello")) > 1


def test_a_client_keeps_its_pod_by_a_cookie(ask):
    cookie = ask("cookie", "/hello").headers["set-cookie"].split(";")[0]
    assert cookie.startswith("pod=")
    assert len(pods(ask, "cookie", headers=lambda _: {"cookie": cookie})) == 1
    assert len(pods(ask, "cookie")) > 1


def test_a_client_keeps_its_pod_by_a_header_a_parameter_or_its_address(ask):
    assert len(pods(ask, "header", headers=lambda _: {"x-user": "ann"})) == 1
    assert len(pods(ask, "header", headers=lambda number: {"x-user": f"user {number}"})) > 1
    assert len(pods(ask, "parameter", path="/hello?user=ann")) == 1
    assert len(pods(ask, "address")) == 1


def test_requests_above_the_limit_are_refused(ask):
    def statuses(host):
        with ThreadPoolExecutor(8) as pool:
            return Counter(answer.status_code for answer in pool.map(lambda _: ask(host, "/delay/0.5"), range(8)))

    limited = statuses("narrow")
    assert limited[200] > 0
    assert limited[503] > 0
    assert statuses("bin") == {200: 8}


def test_a_connection_that_was_idle_for_longer_is_not_used_again(ask):
    def connections(host):
        used = []
        for _ in range(6):
            used.append(seen(ask(host))["connection"])
            time.sleep(0.4)
        return len({*used})

    assert connections("brief") == 6
    assert connections("one-way") < 6


def test_a_pod_that_failed_gets_no_requests_for_a_while(ask):
    assert ask("ejected", "/status/200").status_code == 200
    assert ask("ejected", "/status/500").status_code == 500
    time.sleep(0.5)
    refused = ask("ejected", "/status/200")
    assert (refused.status_code, refused.text) == (503, "no healthy upstream")
    assert ask("bin", "/status/200").status_code == 200


def test_a_subset_has_the_pods_with_its_labels(ask):
    assert ask("subsets", "/status/200").status_code == 200
    refused = ask("subsets", "/status/201")
    assert (refused.status_code, refused.text) == (503, "no healthy upstream")
