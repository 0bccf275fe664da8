"""The same objects as first_request_ours, declared one by one: what Pulumi itself costs."""

import base64
import os

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Secret, Service

HOST, IMAGE, NAMESPACE = os.environ["HOST"], os.environ["IMAGE"], os.environ["NAMESPACE"]
PATCH = {"pulumi.com/patchFieldManager": "bench"}
NAMED = {"name": "bench", "namespace": NAMESPACE, "annotations": PATCH}


def key(name):
    return tls.PrivateKey(name, algorithm="ECDSA", ecdsa_curve="P256")


def encoded(text):
    return text.apply(lambda pem: base64.b64encode(pem.encode()).decode())


def istio(kind, spec):
    CustomResource(kind.lower(), api_version="networking.istio.io/v1", kind=kind, metadata=NAMED, spec=spec)


def probe(period):
    return {"httpGet": {"path": "/status/200", "port": 8080}, "periodSeconds": period, "timeoutSeconds": 2}


ca_key, leaf_key = key("ca-key"), key("leaf-key")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    subject={"common_name": "example.com", "organization": "example Inc."},
    is_ca_certificate=True,
    set_subject_key_id=True,
    allowed_uses=["digital_signature", "cert_signing", "crl_signing"],
    validity_period_hours=87600,
)
request = tls.CertRequest(
    "request", private_key_pem=leaf_key.private_key_pem, subject={"common_name": HOST}, dns_names=[HOST]
)
leaf = tls.LocallySignedCert(
    "leaf",
    cert_request_pem=request.cert_request_pem,
    ca_cert_pem=ca.cert_pem,
    ca_private_key_pem=ca_key.private_key_pem,
    allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
    validity_period_hours=8760,
)
credential = Secret(
    "credential",
    metadata={"namespace": "istio-system", "annotations": PATCH},
    type="kubernetes.io/tls",
    data={"tls.key": encoded(leaf_key.private_key_pem), "tls.crt": encoded(leaf.cert_pem)},
)
labels = {"app": "bench"}
Deployment(
    "deployment",
    metadata=NAMED,
    spec={
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65532,
                    "runAsGroup": 65532,
                    "fsGroup": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "bench",
                        "image": IMAGE,
                        "imagePullPolicy": "IfNotPresent",
                        "ports": [{"name": "http", "containerPort": 8080}],
                        "securityContext": {
                            "allowPrivilegeEscalation": False,
                            "capabilities": {"drop": ["ALL"]},
                            "readOnlyRootFilesystem": True,
                        },
                        "resources": {
                            "requests": {"cpu": "10m", "memory": "32Mi"},
                            "limits": {"cpu": "500m", "memory": "128Mi"},
                        },
                        "readinessProbe": probe(1),
                        "livenessProbe": probe(10),
                    }
                ],
            },
        },
    },
)
Service(
    "service",
    metadata=NAMED | {"annotations": PATCH | {"pulumi.com/skipAwait": "true"}},
    spec={"selector": labels, "ports": [{"name": "http", "port": 8000, "targetPort": 8080}]},
)
istio(
    "VirtualService",
    {
        "hosts": [HOST],
        "gateways": ["bench"],
        "http": [
            {
                "match": [{"uri": {"prefix": "/status"}}, {"uri": {"prefix": "/delay"}}],
                "route": [{"destination": {"host": "bench", "port": {"number": 8000}}}],
            }
        ],
    },
)
istio(
    "Gateway",
    {
        "selector": {"istio": "ingressgateway"},
        "servers": [
            {
                "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
                "hosts": [HOST],
                "tls": {"mode": "SIMPLE", "credentialName": credential.metadata.name},
            }
        ],
    },
)
pulumi.export("ca_certificate", ca.cert_pem)
