"""Two clusters, one authority: the same host on both, so that a name server may send clients to either."""

import pulumi
import pulumi_kubernetes as kubernetes

from istio_ingress import CertificateAuthority, TlsGateway

authority = CertificateAuthority("shop", {"common_name": "shop.example", "organization": "Shop"})
for context in ("east", "west"):
    cluster = kubernetes.Provider(context, context=context)
    TlsGateway(
        f"shop-{context}",
        {
            "gateway_name": "two",
            "authority": authority.issuer,
            "hosts": [
                {
                    "host": "www.two.example",
                    "routes": [{"direct_response": {"status": 200, "body": f"{context}\n"}}],
                }
            ],
        },
        pulumi.ResourceOptions(provider=cluster),
    )
pulumi.export("ca_certificate", authority.bundle)
