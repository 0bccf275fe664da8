"""What the stack `dev` declares, with names of its own, one resource after the other: what Pulumi itself costs."""

import base64
from pathlib import Path

import pulumi
import pulumi_tls as tls
import yaml
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service

TYPED = {"ConfigMap": ConfigMap, "Deployment": Deployment, "Service": Service}
SERVER = ["digital_signature", "key_encipherment", "server_auth"]
LEAVES = {
    "httpbin": ("httpbin organization", SERVER),
    "helloworld": ("helloworld organization", SERVER),
    "mutual": ("httpbin organization", SERVER),
    "client": ("client organization", ["digital_signature", "client_auth"]),
    "nginx": ("some organization", SERVER),
}
SECRETS = {
    "web-httpbin": ("httpbin", "istio-system"),
    "web-helloworld": ("helloworld", "istio-system"),
    "mutual": ("mutual", "istio-system"),
    "nginx-server-certs": ("nginx", "bench-stack"),
}


def declare(manifest, names):
    """A Kubernetes object; what it says of a Secret or ConfigMap is the name that Pulumi gave that."""
    name = manifest["metadata"]["name"]
    resource = f"{manifest['kind']}-{name}".lower()
    body = {key: linked(value, names) for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    if manifest["kind"] == "ConfigMap":
        del body["metadata"]["name"]
    if manifest["kind"] in TYPED:
        return TYPED[manifest["kind"]](resource, **body)
    return CustomResource(resource, api_version=manifest["apiVersion"], kind=manifest["kind"], **body)


def linked(value, names):
    if isinstance(value, dict):
        return {key: linked(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [linked(item, names) for item in value]
    return names.get(value, value)


def key(name):
    return tls.PrivateKey(f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256")


def encoded(pem):
    return pem.apply(lambda text: base64.b64encode(text.encode()).decode())


ca_key = key("ca")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    subject={"common_name": "bench-stack.example.com", "organization": "example Inc."},
    is_ca_certificate=True,
    set_subject_key_id=True,
    allowed_uses=["digital_signature", "cert_signing", "crl_signing"],
    validity_period_hours=87600,
    early_renewal_hours=8760,
)
keys, certificates = {}, {}
for name, (organization, uses) in LEAVES.items():
    keys[name] = key(name)
    request = tls.CertRequest(
        f"{name}-request",
        private_key_pem=keys[name].private_key_pem,
        subject={"common_name": f"{name}.bench-stack.example.com", "organization": organization},
        dns_names=[f"{name}.bench-stack.example.com"],
    )
    certificates[name] = tls.LocallySignedCert(
        name,
        cert_request_pem=request.cert_request_pem,
        ca_cert_pem=ca.cert_pem,
        ca_private_key_pem=ca_key.private_key_pem,
        allowed_uses=uses,
        validity_period_hours=8760,
        early_renewal_hours=720,
    )
names = {}
for name, (leaf, namespace) in SECRETS.items():
    data = {"tls.key": encoded(keys[leaf].private_key_pem), "tls.crt": encoded(certificates[leaf].cert_pem)}
    if leaf == "mutual":
        data["ca.crt"] = encoded(ca.cert_pem)
    secret = Secret(name, metadata={"namespace": namespace}, type="kubernetes.io/tls", data=data)
    names[f"{name} here"] = secret.metadata["name"]
for manifest in yaml.safe_load_all(Path(__file__).with_name("objects.yaml").read_text()):
    declared = declare(manifest, names)
    if manifest["kind"] == "ConfigMap":
        names[f"{manifest['metadata']['name']} here"] = declared.metadata["name"]
pulumi.Stash("rollover", input={"generation": 1, "rollover": "trust"})
pulumi.Stash("ca-ends", input={"ca": ca.validity_end_time})
for component, leaves in {"web": ["httpbin", "helloworld"], "mutual": ["mutual", "client"], "nginx": ["nginx"]}.items():
    ends = {leaf: certificates[leaf].validity_end_time for leaf in leaves}
    pulumi.Stash(f"{component}-ends", input=ends)
pulumi.export("ca_certificate", ca.cert_pem)
pulumi.export("client_certificate", certificates["client"].cert_pem)
pulumi.export("client_key", keys["client"].private_key_pem)
