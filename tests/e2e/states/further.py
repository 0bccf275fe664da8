"""What the repository's own stack leaves out; its certificates and lists are not due for 33 years."""

import pulumi
import pulumi_tls as tls
from pulumi_kubernetes.core.v1 import Service

from istio_ingress import (
    Backend,
    CertificateAuthority,
    CertifiedKey,
    ClientVerification,
    Entry,
    HttpbinIngress,
    IntermediateAuthority,
    KeyAlgorithm,
    MutualTlsGateway,
    PassthroughNginx,
    Route,
    SecretFormat,
    TlsGateway,
    TlsVersion,
    restricted_namespace,
)

LEAF_DAYS = 12_000
INTERMEDIATE_DAYS = 2 * LEAF_DAYS
ROOT_DAYS = 3 * LEAF_DAYS
namespace = restricted_namespace("further")
site = Service(
    "site",
    metadata={"name": "site", "namespace": namespace, "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"selector": {"app": "site"}, "ports": [{"name": "http", "port": 80}]},
)
backend: Backend = {"service": "site", "port": 80}
routes: list[Route] = [{"prefix": "/status"}, {"prefix": "/delay"}]

root = CertificateAuthority(
    "root", {"common_name": "further.example", "validity_days": ROOT_DAYS, "max_leaf_days": INTERMEDIATE_DAYS}
)
below = IntermediateAuthority(
    "below",
    {
        "authority": root.issuer,
        "common_name": "further intermediate",
        "key_algorithm": KeyAlgorithm.ECDSA_P384,
        "validity_days": INTERMEDIATE_DAYS,
        "max_leaf_days": LEAF_DAYS,
    },
)
key = tls.PrivateKey("given", algorithm="ECDSA", ecdsa_curve="P256")
given = tls.SelfSignedCert(
    "given",
    private_key_pem=key.private_key_pem,
    subject={"common_name": "given.further.example"},
    dns_names=["given.further.example"],
    allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
    validity_period_hours=24 * LEAF_DAYS,
)
certified: CertifiedKey = {"certificate": given.cert_pem, "private_key": key.private_key_pem}

TlsGateway(
    "web",
    {
        "namespace": namespace,
        "authority": below.issuer,
        "validity_days": LEAF_DAYS,
        "leaf_generation": 2,
        "https_redirect": True,
        "min_tls": TlsVersion.TLS_1_3,
        "secret_format": SecretFormat.GENERIC,
        "hosts": [
            {"host": "www.further.example", "sans": ["further.example"], "backend": backend, "routes": routes},
            {
                "host": "fixed.further.example",
                "credential_name": "further-fixed",
                "key_algorithms": [KeyAlgorithm.ECDSA_P256, KeyAlgorithm.RSA_2048],
                "backend": backend,
                "routes": routes,
            },
            {"host": "given.further.example", "given_certificate": certified, "backend": backend, "routes": routes},
            {
                "host": "kept.further.example",
                "existing_credential": "further-kept",
                "backend": backend,
                "routes": routes,
            },
        ],
    },
)
partners = MutualTlsGateway(
    "partners",
    {
        "namespace": namespace,
        "authority": below.issuer,
        "validity_days": LEAF_DAYS,
        "secret_format": SecretFormat.SEPARATE_CA,
        "verification": ClientVerification.OPTIONAL,
        "hosts": [{"host": "partners.further.example", "backend": backend, "routes": routes}],
        "clients": [{"name": "phone", "validity_days": LEAF_DAYS}, {"name": "laptop", "validity_days": LEAF_DAYS}],
        "revoked": {"clients": ["laptop"], "serials": ["0A1B2C"], "validity_days": ROOT_DAYS},
    },
)
HttpbinIngress(
    "plain", {"namespace": namespace, "hosts": ["plain.further.example"], "backend": backend, "routes": routes}
)
HttpbinIngress(
    "door",
    {
        "namespace": namespace,
        "entry": Entry.INGRESS_CLASS,
        "hosts": ["door.further.example"],
        "routes": [{"exact": "/headers"}, {"prefix": "/status"}, {"path": "/anything/*"}],
        "tls_secret": "further-kept",
        "backend": backend,
    },
)
HttpbinIngress(
    "old-door",
    {
        "namespace": namespace,
        "entry": Entry.INGRESS_ANNOTATION,
        "hosts": ["old-door.further.example"],
        "routes": [{"prefix": "/"}],
        "backend": backend,
    },
)
PassthroughNginx(
    "nginx",
    {
        "namespace": namespace,
        "authority": root.issuer,
        "hosts": ["nginx.further.example", "*.nginx.further.example"],
        "validity_days": LEAF_DAYS,
        "image": "lab.local/nginx:1",
    },
)
pulumi.export("crl", partners.crl)
