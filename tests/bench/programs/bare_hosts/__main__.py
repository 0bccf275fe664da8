"""The same objects as our_hosts, declared one by one: what Pulumi itself costs."""

import base64
import os

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

HOSTS = int(os.environ["HOSTS"])
PATCH = {"annotations": {"pulumi.com/patchFieldManager": "bench"}}


def key(name):
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256")


ca_key = key("ca-key")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    subject={"common_name": "bench"},
    is_ca_certificate=True,
    allowed_uses=["digital_signature", "cert_signing", "crl_signing"],
    validity_period_hours=87600,
)
names = [f"host-{number}.bench.example.com" for number in range(HOSTS)]
servers = []
for number, host in enumerate(names):
    leaf = key(f"key-{number}")
    request = tls.CertRequest(
        f"request-{number}",
        private_key_pem=leaf.private_key_pem,
        subject={"common_name": host},
        dns_names=[host],
    )
    certificate = tls.LocallySignedCert(
        f"certificate-{number}",
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=ca.cert_pem,
        ca_private_key_pem=ca_key.private_key_pem,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
        validity_period_hours=8760,
    )
    secret = Secret(
        f"secret-{number}",
        metadata={"namespace": "istio-system", **PATCH},
        type="kubernetes.io/tls",
        data={
            "tls.key": leaf.private_key_pem.apply(lambda pem: base64.b64encode(pem.encode()).decode()),
            "tls.crt": certificate.cert_pem.apply(lambda pem: base64.b64encode(pem.encode()).decode()),
        },
    )
    servers.append(
        {
            "port": {"number": 443, "name": f"https-{number}", "protocol": "HTTPS"},
            "hosts": [host],
            "tls": {"mode": "SIMPLE", "credentialName": secret.metadata.name},
        }
    )
    CustomResource(
        f"routes-{number}",
        api_version="networking.istio.io/v1",
        kind="VirtualService",
        metadata={"name": f"bench-{number}", "namespace": "default", **PATCH},
        spec={
            "hosts": [host],
            "gateways": ["bench"],
            "http": [
                {
                    "match": [{"uri": {"prefix": "/status"}}, {"uri": {"prefix": "/delay"}}],
                    "route": [{"destination": {"host": "httpbin", "port": {"number": 8000}}}],
                }
            ],
        },
    )
CustomResource(
    "gateway",
    api_version="networking.istio.io/v1",
    kind="Gateway",
    metadata={"name": "bench", "namespace": "default", **PATCH},
    spec={"selector": {"istio": "ingressgateway"}, "servers": servers},
)
pulumi.export("hosts", names)
