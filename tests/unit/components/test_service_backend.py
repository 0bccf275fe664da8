"""ServiceBackend: how a Service is spoken to becomes one DestinationRule and its Secret."""

import base64

import pulumi
import pytest

from istio_ingress import (
    BackendProtocol,
    BackendScope,
    BackendTlsMode,
    HttpbinIngress,
    LoadBalancing,
    ProxyProtocol,
    ServiceBackend,
)
from tests.unit.certificates import Authority

CART = {"service": "cart", "port": 8443}
CA = Authority("cart authority")


def cart(declare, **args):
    return declare(lambda: ServiceBackend("cart", CART | args) and None)


def policy(declare, **args):
    return cart(declare, **args).manifest("DestinationRule")["spec"]["trafficPolicy"]


def test_it_concerns_the_pods_of_the_gateway_only(declare):
    gateway = {"namespace": "istio-ingress", "selector": {"istio": "ingress"}}
    assert cart(declare, namespace="shop", gateway=gateway, protocol="grpc").manifest("DestinationRule") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "cart", "namespace": "istio-ingress"},
        "spec": {
            "host": "cart.shop.svc.cluster.local",
            "exportTo": ["."],
            "workloadSelector": {"matchLabels": {"istio": "ingress"}},
            "trafficPolicy": {"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}},
        },
    }


def test_the_whole_mesh_follows_where_that_is_wanted(declare):
    assert cart(declare, namespace="shop", scope=BackendScope.MESH, protocol="http2").manifest("DestinationRule") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {
            "host": "cart.shop.svc.cluster.local",
            "trafficPolicy": {"connectionPool": {"http": {"h2UpgradePolicy": "UPGRADE"}}},
        },
    }


@pytest.mark.parametrize(
    ("args", "made"),
    [
        ({"protocol": BackendProtocol.HTTP1}, {"connectionPool": {"http": {"h2UpgradePolicy": "DO_NOT_UPGRADE"}}}),
        ({"proxy_protocol": ProxyProtocol.V2}, {"proxyProtocol": {"version": "V2"}}),
        ({"tls": {}}, {"tls": {"mode": "SIMPLE"}}),
        (
            {"tls": {"sni": "cart.test", "subject_alt_names": ["spiffe://cart"], "existing_credential": "cart-ca"}},
            {
                "tls": {
                    "mode": "SIMPLE",
                    "sni": "cart.test",
                    "subjectAltNames": ["spiffe://cart"],
                    "credentialName": "cart-ca",
                }
            },
        ),
        (
            {"tls": {"mode": BackendTlsMode.MUTUAL, "existing_credential": "cart-client"}},
            {"tls": {"mode": "MUTUAL", "credentialName": "cart-client"}},
        ),
        ({"tls": {"insecure_skip_verify": True}}, {"tls": {"mode": "SIMPLE", "insecureSkipVerify": True}}),
        ({"tls": {"mode": "DISABLE"}}, {"tls": {"mode": "DISABLE"}}),
        (
            {"load_balancer": {"simple": LoadBalancing.ROUND_ROBIN, "warmup": {"duration": "60s"}}},
            {"loadBalancer": {"simple": "ROUND_ROBIN", "warmup": {"duration": "60s"}}},
        ),
        (
            {"load_balancer": {"consistent_hash": {"http_cookie": {"name": "cart", "path": "/"}}}},
            {"loadBalancer": {"consistentHash": {"httpCookie": {"name": "cart", "path": "/", "ttl": "0s"}}}},
        ),
        (
            {"load_balancer": {"consistent_hash": {"use_source_ip": True}}},
            {"loadBalancer": {"consistentHash": {"useSourceIp": True}}},
        ),
        (
            {
                "protocol": "http2",
                "connection_pool": {
                    "tcp": {"max_connections": 10, "connect_timeout": "1s"},
                    "http": {"http1_max_pending_requests": 1, "max_requests_per_connection": 1},
                },
            },
            {
                "connectionPool": {
                    "tcp": {"maxConnections": 10, "connectTimeout": "1s"},
                    "http": {
                        "http1MaxPendingRequests": 1,
                        "maxRequestsPerConnection": 1,
                        "h2UpgradePolicy": "UPGRADE",
                    },
                }
            },
        ),
        (
            {
                "outlier_detection": {
                    "consecutive_5xx_errors": 3,
                    "base_ejection_time": "1m",
                }
            },
            {"outlierDetection": {"consecutive5xxErrors": 3, "baseEjectionTime": "1m"}},
        ),
        (
            {"ports": [{"port": 80, "protocol": "http1"}, {"port": 81, "tls": {}}]},
            {
                "portLevelSettings": [
                    {"port": {"number": 80}, "connectionPool": {"http": {"h2UpgradePolicy": "DO_NOT_UPGRADE"}}},
                    {"port": {"number": 81}, "tls": {"mode": "SIMPLE"}},
                ]
            },
        ),
    ],
)
def test_a_policy(declare, args, made):
    assert policy(declare, **args) == made


def test_subsets_have_their_labels_and_policies(declare):
    subsets = {
        "v1": {"labels": {"version": "v1"}},
        "v2": {"labels": {"version": "v2"}, "load_balancer": {"simple": "RANDOM"}},
    }
    assert cart(declare, subsets=subsets).manifest("DestinationRule")["spec"]["subsets"] == [
        {"name": "v1", "labels": {"version": "v1"}},
        {
            "name": "v2",
            "labels": {"version": "v2"},
            "trafficPolicy": {"loadBalancer": {"simple": "RANDOM"}},
        },
    ]


def test_the_authority_stands_in_a_secret_beside_the_pods_of_the_gateway(declare):
    declared = cart(declare, gateway={"namespace": "istio-ingress"}, tls={"ca_certificate": CA.certificate})
    (secret,) = declared.of("Secret")
    assert secret.manifest["metadata"]["namespace"] == "istio-ingress"
    assert {key: base64.b64decode(text).decode() for key, text in secret.manifest["data"].items()} == {
        "ca.crt": CA.certificate
    }
    tls = declared.manifest("DestinationRule")["spec"]["trafficPolicy"]["tls"]
    assert tls == {"mode": "SIMPLE", "credentialName": secret.manifest["metadata"]["name"]}


def test_the_client_certificate_stands_there_too_and_its_key_is_a_secret(declare):
    pair = CA.issue("gateway.test")

    def program():
        client = {"certificate": pair.certificate, "private_key": pulumi.Output.secret(pair.key)}
        ServiceBackend("cart", CART | {"tls": {"ca_certificate": CA.certificate, "client": client}})

    declared = declare(program)
    (secret,) = declared.of("Secret")
    assert secret.manifest["type"] == "kubernetes.io/tls"
    assert secret.manifest["data"].keys() == {"ca.crt", "tls.crt", "tls.key"}
    assert base64.b64decode(secret.manifest["data"]["tls.key"]).decode() == pair.key
    assert {path[:2] for path in secret.secrets} <= {("data",), ("data", "tls.key")}
    assert secret.secrets
    assert declared.manifest("DestinationRule")["spec"]["trafficPolicy"]["tls"]["mode"] == "MUTUAL"


def test_a_host_refers_to_it(declare):
    def program():
        backend = ServiceBackend("cart", CART | {"namespace": "shop", "protocol": "http2"})
        HttpbinIngress("web", {"backend": backend.backend, "routes": [{"prefix": "/"}]})
        return {"service": backend.service, "port": backend.port}

    declared = declare(program)
    (rule,) = declared.manifest("VirtualService")["spec"]["http"]
    assert rule["route"] == [{"destination": {"host": "cart.shop.svc.cluster.local", "port": {"number": 8443}}}]
    assert declared.outputs == {"service": "cart.shop.svc.cluster.local", "port": 8443}


def test_a_service_may_become_known_during_the_update(declare):
    later = pulumi.Output.from_input
    declared = cart(declare, service=later("basket"), namespace=later("shop"), port=later(1), protocol="http2")
    assert declared.manifest("DestinationRule")["spec"]["host"] == "basket.shop.svc.cluster.local"


def test_two_that_differ_are_refused(declare):
    def program(other):
        ServiceBackend("cart", CART | {"protocol": "http2"})
        ServiceBackend("cart-tls", CART | {"service": "cart.default.svc.cluster.local", **other})

    with pytest.raises(pulumi.RunError, match="backend-told-twice") as refused:
        declare(lambda: program({"tls": {}}))
    assert "DestinationRule istio-system/cart " in str(refused.value)
    assert declare(lambda: program({"protocol": "http2"})).of("DestinationRule")
    assert declare(lambda: program({"tls": {}, "gateway": {"selector": {"istio": "other"}}})).of("DestinationRule")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "protocol is missing, but must be given, or another of connection_pool, load_balancer,"),
        ({"protocol": "h2"}, "protocol is 'h2', but must be one of 'http1', 'http2', 'grpc'."),
        ({"tls": {"mode": "MUTUAL"}}, "tls.client is missing, but must be given where mode is MUTUAL"),
        (
            {"tls": {"mode": "DISABLE", "ca_certificate": CA.certificate}},
            "tls.ca_certificate is 'given', but must be left out",
        ),
        (
            {"tls": {"existing_credential": "a", "ca_certificate": CA.certificate}},
            "tls.ca_certificate is 'given', but must be left",
        ),
        ({"tls": {"ca_certificate": "a"}}, "tls.ca_certificate is 'a', but must be text in PEM format."),
        ({"tls": {"sni": "A"}}, "tls.sni is 'A', but must be a DNS name in lower case"),
        (
            {"scope": "mesh", "tls": {"ca_certificate": CA.certificate}},
            "tls.ca_certificate is 'given', but must be left out where scope is mesh: a sidecar reads no Secret",
        ),
        (
            {"load_balancer": {}},
            "load_balancer.simple is missing, but must be given, or consistent_hash, and",
        ),
        ({"load_balancer": {"consistent_hash": {}}}, "load_balancer.consistent_hash is {}, but must be one of http_"),
        (
            {"load_balancer": {"consistent_hash": {"http_cookie": {"name": "a", "ttl": "1"}}}},
            "load_balancer.consistent_hash.http_cookie.ttl is '1', but must be '0s', or a duration such as '1h'.",
        ),
        ({"connection_pool": {}}, "connection_pool is {}, but must be left out, or with something in it."),
        ({"connection_pool": {"http": {}}}, "connection_pool.http is {}, but must be left out, or with something"),
        ({"connection_pool": {"tcp": {"max_connections": 0}}}, "connection_pool.tcp.max_connections is 0, but must be"),
        ({"outlier_detection": {"interval": "10"}}, "outlier_detection.interval is '10', but must be a duration"),
        ({"subsets": {"V.1": {"labels": {"a": "b"}}}}, "subsets is 'V.1', but must be a mapping by names, each a DNS"),
        ({"subsets": {"v1": {}}}, "subsets.v1.labels is missing, but must be"),
        ({"ports": [{"port": 1, "tls": {"mode": "MUTUAL"}}]}, "ports[0].tls.client is missing, but must be given"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            ServiceBackend("cart", CART | args)
        assert str(refused.value).startswith(f'ServiceBackend "cart": {sentence}')

    assert declare(program).resources == []
