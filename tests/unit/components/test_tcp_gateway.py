"""TcpGateway: ports of the gateway to Services, with TLS ended at the gateway where that is wanted."""

import pulumi
import pulumi_kubernetes as kubernetes
import pytest

from istio_ingress import CertificateAuthority, TcpGateway
from tests.unit.certificates import Authority

REDIS = {"service": "redis", "port": 6379}
TO_REDIS = [{"destination": {"host": "redis", "port": {"number": 6379}}}]
TLS = {"hosts": ["redis.example"]}


def gateway(declare, *ports, **args):
    return declare(lambda: {"ca": TcpGateway("db", {"ports": list(ports), **args}).ca_certificates})


def test_a_port_leads_to_a_service_as_it_is(declare):
    declared = gateway(declare, {"port": 6379, "backend": REDIS}, namespace="data")
    assert declared.manifest("Gateway")["spec"] == {
        "selector": {"istio": "ingressgateway"},
        "servers": [{"port": {"number": 6379, "name": "tcp-6379", "protocol": "TCP"}, "hosts": ["./*"]}],
    }
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "db-tcp-tcp-6379", "namespace": "data"},
        "spec": {
            "hosts": ["*"],
            "gateways": ["db-tcp"],
            "tcp": [{"match": [{"port": 6379}], "route": TO_REDIS}],
        },
    }
    assert declared.outputs == {"ca": {}}


def test_tls_ends_at_the_gateway_for_clients_that_send_no_name_too(declare):
    declared = gateway(declare, {"port": 6379, "name": "redis", "backend": REDIS, "tls": TLS})
    (server,) = declared.manifest("Gateway")["spec"]["servers"]
    (secret,) = declared.of("Secret")
    assert secret.manifest["metadata"]["namespace"] == "istio-system"
    assert server == {
        "port": {"number": 6379, "name": "redis", "protocol": "TLS"},
        "hosts": ["./*"],
        "tls": {"mode": "SIMPLE", "credentialName": secret.manifest["metadata"]["name"]},
    }
    (request,) = (r for r in declared.of("CertRequest") if r.name == "db-redis-request")
    assert request.inputs["dnsNames"] == ["redis.example"]
    assert declared.outputs["ca"].keys() == {"redis"}


def test_of_several_on_one_port_the_name_decides(declare):
    declared = gateway(
        declare,
        {"port": 6379, "name": "one", "backend": REDIS, "tls": TLS},
        {"port": 6379, "name": "two", "backends": [REDIS], "tls": {"hosts": ["two.example"]}},
    )
    assert [server["hosts"] for server in declared.manifest("Gateway")["spec"]["servers"]] == [
        ["redis.example"],
        ["two.example"],
    ]
    assert [r.manifest["spec"]["hosts"] for r in declared.of("VirtualService")] == [["redis.example"], ["two.example"]]


def test_certificates_may_come_from_elsewhere(declare):
    pair = Authority("data").issue("redis.example")

    def program():
        ca = CertificateAuthority("data", {})
        key = pulumi.Output.secret(pair.key)
        given = {"certificate": pair.certificate, "private_key": key}
        ports = [
            {"port": 1, "backend": REDIS, "tls": TLS | {"authority": ca.issuer}},
            {"port": 2, "backend": REDIS, "tls": TLS | {"given_certificate": given}},
            {"port": 3, "backend": REDIS, "tls": TLS | {"existing_credential": "redis"}},
        ]
        return {"ca": TcpGateway("db", {"ports": ports}).ca_certificates, "bundle": ca.bundle}

    declared = declare(program)
    assert len(declared.of("CertificateAuthority")) == 1
    assert declared.outputs["ca"] == {"tcp-1": declared.outputs["bundle"]}
    names = [server["tls"]["credentialName"] for server in declared.manifest("Gateway")["spec"]["servers"]]
    assert names[2] == "redis"
    assert set(names[:2]) == {secret.manifest["metadata"]["name"] for secret in declared.of("Secret")}


def test_a_credential_is_looked_for_where_the_pods_of_the_gateway_run(refused):
    def program():
        kubernetes.core.v1.Secret("theirs", metadata={"namespace": "default", "name": "theirs"})
        ports = [{"port": 6379, "backend": REDIS, "tls": TLS | {"existing_credential": "theirs"}}]
        TcpGateway("db", {"gateway": {"namespace": "edge", "selector": {"istio": "edge"}}, "ports": ports})

    message, declared = refused(program)
    assert "credential-namespace: Gateway default/db-tcp" in message
    assert "the gateway's pods run in 'edge'" in message
    assert declared.resources == []


def test_a_port_of_ours_exposes_nothing_else_in_production(declare):
    args = {"ports": [{"port": 6379, "backend": REDIS}]}
    assert declare(lambda: TcpGateway("db", args) and None, production="true").of("Gateway")


@pytest.mark.parametrize(
    ("ports", "sentence"),
    [
        ([{"port": 6379}], "ports[0].backend is missing, but must be given, or backends, and not both."),
        (
            [{"port": 1, "backends": [REDIS | {"weight": 0}, REDIS | {"weight": 0}]}],
            "ports[0].backends is [0, 0], but must be with a weight above 0 among them.",
        ),
        ([{"port": 0, "backend": REDIS}], "ports[0].port is 0, but must be a port number from 1 to 65535."),
        (
            [{"port": 1, "backend": REDIS}, {"port": 1, "backend": REDIS}],
            "ports[0].name is 'tcp-1', but must be a name that no other port has.",
        ),
        (
            [{"port": 1, "backend": REDIS}, {"port": 1, "name": "b", "backend": REDIS}],
            "ports[0].port is 1, but must be a port of its own where it has no tls.",
        ),
        (
            [{"port": 1, "backend": REDIS, "tls": TLS | {"existing_credential": "a", "validity_days": 3}}],
            "ports[0].tls.validity_days is 'given', but must be left out where existing_credential is given.",
        ),
        (
            [{"port": 1, "backend": REDIS, "tls": TLS | {"validity_days": 3}}],
            "ports[0].tls.renew_before_days is 30, but must be less than validity_days, 3.",
        ),
        (
            [{"port": 1, "backend": REDIS, "tls": {"hosts": ["*"]}}],
            "ports[0].tls.hosts is '*', but must be names that a certificate can hold, so not '*'.",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(declare, ports, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            TcpGateway("db", {"ports": ports})
        assert str(refused.value).startswith(f'TcpGateway "db": {sentence}')

    assert declare(program).resources == []
