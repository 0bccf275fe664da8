"""The platform's program: one Gateway and one certificate for all hosts of the shop, and an answer where none is."""

import pulumi

from istio_ingress import TlsGateway

platform = TlsGateway(
    "platform",
    {
        "gateway_name": "shop",
        "https_redirect": True,
        "hosts": [
            {
                "host": "*.shop.example",
                "routes": [{"direct_response": {"status": 404, "body": "no team has this host\n"}}],
            }
        ],
    },
)
pulumi.export("ca_certificate", platform.ca_certificate)
