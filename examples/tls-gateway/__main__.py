"""HTTPS: two hosts on one gateway, each with its own certificate, and plain HTTP redirected."""

import pulumi

from istio_ingress import CertificateAuthority, KeyAlgorithm, TlsGateway, TlsVersion, WorkloadKind

ca = CertificateAuthority("shop", {"common_name": "shop.example", "organization": "Shop"})
shop = TlsGateway(
    "shop",
    {
        "authority": ca.issuer,
        "organization": "Shop",
        "https_redirect": True,
        "min_tls": TlsVersion.TLS_1_2,
        "hosts": [
            {
                "host": "www.shop.example",
                "sans": ["shop.example"],
                "key_algorithms": [KeyAlgorithm.ECDSA_P256, KeyAlgorithm.RSA_2048],
            },
            {
                "host": "hello.shop.example",
                "validity_days": 90,
                "routes": [{"exact": "/hello"}],
                "workload": {"kind": WorkloadKind.HELLOWORLD},
            },
        ],
    },
)
pulumi.export("hosts", shop.hosts)
pulumi.export("ca_certificate", ca.bundle)
