"""PassthroughNginx: nginx with its certificate, and the way to it by name."""

import pulumi
import pytest

from istio_ingress import PassthroughNginx
from tests.unit.components.engine import pem
from tests.unit.components.secrets import contents


def nginx(name="nginx", **args):
    return lambda: {"ca": (made := PassthroughNginx(name, args)).ca_certificate, "service": made.service}


def volumes(declared):
    return {volume["name"]: volume for volume in declared.manifest("Deployment")["spec"]["template"]["spec"]["volumes"]}


def digest(declared):
    return declared.manifest("Deployment")["spec"]["template"]["metadata"]["annotations"]["istio-ingress/files"]


def test_with_nothing_said_it_is_the_walk_throughs_passthrough_section(declare):
    declared = declare(nginx())

    assert declared.manifest("Gateway") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "nginx-passthrough", "namespace": "default"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [
                {
                    "port": {"number": 443, "name": "https-nginx", "protocol": "HTTPS"},
                    "hosts": ["nginx.example.com"],
                    "tls": {"mode": "PASSTHROUGH"},
                },
            ],
        },
    }
    assert declared.manifest("VirtualService") == {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "nginx-passthrough", "namespace": "default"},
        "spec": {
            "hosts": ["nginx.example.com"],
            "gateways": ["nginx-passthrough"],
            "tls": [
                {
                    "match": [{"port": 443, "sniHosts": ["nginx.example.com"]}],
                    "route": [{"destination": {"host": "nginx", "port": {"number": 443}}}],
                },
            ],
        },
    }
    assert declared.manifest("Service")["spec"]["ports"] == [{"name": "https", "port": 443, "targetPort": 8443}]
    assert declared.outputs == {"ca": pem("CERTIFICATE", "nginx-ca-g1-certificate"), "service": "nginx"}
    request = declared.one("CertRequest").inputs
    assert request["subject"] == {"commonName": "nginx.example.com", "organization": "some organization"}
    assert request["dnsNames"] == ["nginx.example.com"]


def test_nginx_reads_its_own_certificate_and_configuration(declare):
    declared = declare(nginx(namespace="shop", hosts=["a.test", "b.test"], container_port=9443))
    secret = declared.one("Secret")
    assert secret.manifest["metadata"]["namespace"] == "shop"
    assert contents(secret) == {
        "tls.key": pem("PRIVATE KEY", "nginx-key"),
        "tls.crt": pem("CERTIFICATE", "nginx-certificate"),
    }
    mounted = volumes(declared)
    assert mounted["nginx-server-certs"]["secret"]["secretName"] == secret.manifest["metadata"]["name"]
    assert mounted["nginx-config"]["configMap"]["name"] == declared.manifest("ConfigMap")["metadata"]["name"]
    conf = declared.manifest("ConfigMap")["data"]["nginx.conf"]
    assert "listen 9443 ssl;" in conf
    assert "server_name a.test b.test;" in conf
    assert 'return 200 "Welcome to nginx!\\n";' in conf


def test_a_given_configuration_is_used_as_it_is(declare):
    assert declare(nginx(nginx_conf="events {}")).manifest("ConfigMap")["data"] == {"nginx.conf": "events {}"}


def test_nginx_restarts_when_its_configuration_or_certificate_changes(declare):
    before = declare(nginx())
    other_conf = declare(nginx(nginx_conf="events {}"))
    other_certificate = declare(nginx(name="other", service_name="nginx", nginx_conf="events {}"))
    assert len({digest(before), digest(other_conf), digest(other_certificate)}) == 3
    assert digest(declare(nginx())) == digest(before)


def test_an_existing_certificate_is_mounted_and_nothing_is_issued(declare):
    declared = declare(nginx(existing_certificate="theirs"))
    assert volumes(declared)["nginx-server-certs"]["secret"]["secretName"] == "theirs"
    assert not declared.of("Secret")
    assert not declared.of("CertificateAuthority")
    assert declared.outputs["ca"] == ""


def test_two_instances_share_no_name(declare):
    def program():
        PassthroughNginx("one", {"hosts": ["one.test"]})
        PassthroughNginx("two", {"hosts": ["two.test"]})

    declared = declare(program)
    named = [(r.kind, r.manifest["metadata"].get("name", r.name)) for r in declared.resources if "metadata" in r.inputs]
    assert len(named) == len(set(named)) == 12


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (
            {"hosts": ["*"]},
            "hosts is '*', but must be names that a client can send and a certificate can hold, so not '*'.",
        ),
        (
            {"existing_certificate": "a", "organization": "A"},
            "organization is 'given', but must be left out where an existing_certificate is given.",
        ),
        ({"validity_days": 30}, "renew_before_days is 30, but must be less than validity_days, 30."),
    ],
)
def test_what_cannot_stand_together_is_refused_before_anything_is_declared(declare, args, sentence):
    def program():
        with pytest.raises(pulumi.RunError) as refused:
            PassthroughNginx("nginx", args)
        assert str(refused.value) == f'PassthroughNginx "nginx": {sentence}'

    assert declare(program).resources == []
