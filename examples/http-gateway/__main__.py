"""Two plain HTTP hosts: one leads to its Service whole, the other has two Services behind it."""

import pulumi

from istio_ingress import HttpGateway

web = HttpGateway(
    "web",
    {
        "hosts": [
            {
                "host": "site.shop.example",
                "further_hosts": ["shop.example"],
                "backend": {"service": "site", "port": 8000},
            },
            {
                "host": "api.shop.example",
                "routes": [
                    {"prefix": "/anything/cart", "service": "cart", "port": 8000},
                    {"exact": "/health", "direct_response": {"status": 200, "body": "ok\n"}},
                ],
            },
        ]
    },
)
pulumi.export("hosts", web.hosts)
