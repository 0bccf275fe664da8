"""A real server of another protocol behind the gateway: Redis, its TLS ended at the gateway or by itself."""

import json
import ssl

import pytest

from istio_ingress.live import address
from tests.e2e.asking import Edge
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.edge import edge_gateway
from tests.unit.certificates import Authority

PROGRAM = """
import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service
from istio_ingress import TcpGateway, TlsPassthrough

config = pulumi.Config()
ns = config.require("namespace")
labels = {"app": "redis"}
Deployment("redis", metadata={"name": "redis", "namespace": ns}, spec={
    "selector": {"matchLabels": labels},
    "template": {"metadata": {"labels": labels}, "spec": {
        "containers": [{
            "name": "redis",
            "image": "lab.local/redis:1",
            "args": [
                "--protected-mode", "no", "--save", "", "--port", "6379", "--tls-port", "6380",
                "--tls-cert-file", "/tls/tls.crt", "--tls-key-file", "/tls/tls.key", "--tls-auth-clients", "no",
            ],
            "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
            "readinessProbe": {"tcpSocket": {"port": 6379}, "periodSeconds": 1},
        }],
        "volumes": [{"name": "tls", "secret": {"secretName": "redis-tls"}}],
    }},
})
Service("redis", metadata={"name": "redis", "namespace": ns, "annotations": {"pulumi.com/skipAwait": "true"}}, spec={
    "selector": labels,
    "ports": [{"name": "tcp-redis", "port": 6379}, {"name": "tls-redis", "port": 6380}],
})
gateway = {
    "namespace": config.require("gateway_namespace"),
    "selector": {"istio": "edge", "site": ns},
    "http_port": 8080,
    "https_port": 8443,
}
ended = TcpGateway("ended", {"namespace": ns, "gateway": gateway, "ports": [{
    "port": 6380,
    "name": "cache",
    "tls": {"hosts": [f"cache.{ns}.example.com"]},
    "backend": {"service": "redis", "port": 6379},
}]})
TlsPassthrough("through", {"namespace": ns, "gateway": gateway, "hosts": [{
    "host": f"redis.{ns}.example.com", "backend": {"service": "redis", "port": 6380},
}]})
pulumi.export("ca", ended.ca_certificates["cache"])
"""


@pytest.fixture(scope="module")
def own():
    """Who vouches for the certificate that Redis itself has."""
    return Authority("redis's CA", days=90)


@pytest.fixture(scope="module")
def gateway_namespace(namespace, own):
    """A namespace with a gateway that has a port for Redis, and Redis's own certificate beside it."""
    pair = own.issue(f"redis.{namespace}.example.com", days=60)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "redis-tls", "namespace": namespace}}
    secret["stringData"] = {"tls.crt": pair.certificate, "tls.key": pair.key}
    kubectl("apply", "--filename=-", stdin=json.dumps(secret))
    with edge_gateway(namespace, [6380]) as name:
        yield name


@pytest.fixture(scope="module")
def ca(new_stack, namespace, gateway_namespace):
    """Who vouches for the gateway's certificate."""
    ca = new_stack(PROGRAM).up(namespace=namespace, gateway_namespace=gateway_namespace)["ca"]
    kubectl("rollout", "status", "deployment/edge", "--namespace", gateway_namespace, "--timeout=50s")
    return ca


@pytest.fixture(scope="module")
def edges(gateway_namespace, ca):
    found = address.find(gateway_namespace, "edge")
    return {port: Edge(found.host, found.by_number[port]) for port in (6380, 8443)}


def said(edge, ca, name, commands):
    """What Redis answers inside of TLS with this name, or why there is none."""
    context = ssl.create_default_context(cadata=ca)
    try:
        with edge.connect() as plain, context.wrap_socket(plain, server_hostname=name) as connection:
            connection.sendall(f"{commands}QUIT\r\n".encode())
            with connection.makefile("rb") as answer:
                return answer.read().decode()
    except (ssl.SSLError, OSError) as error:
        return f"refused: {error}"


def test_redis_answers_through_tls_that_the_gateway_ends_and_through_its_own(edges, ca, own, namespace):
    cache, redis = f"cache.{namespace}.example.com", f"redis.{namespace}.example.com"
    eventually(lambda: said(edges[6380], ca, cache, "PING\r\n"), lambda one: one == "+PONG\r\n+OK\r\n")
    eventually(lambda: said(edges[8443], own.certificate, redis, "PING\r\n"), lambda one: one == "+PONG\r\n+OK\r\n")
    assert said(edges[6380], ca, cache, "SET tea pot\r\n") == "+OK\r\n+OK\r\n"
    assert said(edges[8443], own.certificate, redis, "GET tea\r\n") == "$3\r\npot\r\n+OK\r\n"


def test_who_ends_tls_is_seen_by_the_certificate_and_another_name_leads_nowhere(edges, ca, own, namespace):
    cache, redis, other = (f"{name}.{namespace}.example.com" for name in ("cache", "redis", "other"))
    assert "CERTIFICATE_VERIFY_FAILED" in said(edges[6380], own.certificate, cache, "PING\r\n")
    assert "CERTIFICATE_VERIFY_FAILED" in said(edges[8443], ca, redis, "PING\r\n")
    assert said(edges[8443], own.certificate, other, "PING\r\n").startswith("refused: ")


def test_without_tls_redis_is_not_reached(edges):
    with edges[6380].connect() as connection:
        connection.sendall(b"PING\r\n")
        try:
            assert b"PONG" not in connection.recv(100)
        except ConnectionResetError:
            return
