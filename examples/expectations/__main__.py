"""A shop that says what it answers: proven before anything is created, and asked afterwards."""

import pulumi

from istio_ingress import HttpbinIngress, TlsGateway

site = HttpbinIngress("site", {"hosts": ["status.shop.example"]})
shop = TlsGateway(
    "shop",
    {
        "https_redirect": True,
        "hosts": [
            {
                "host": "cart.shop.example",
                "routes": [
                    {
                        "prefix": "/api/",
                        "headers": {"x-tier": {"exact": "gold"}},
                        "service": site.service,
                        "port": site.service_port,
                        "rewrite": {"prefix": "/anything/"},
                        "response_headers": {"set": {"x-served-by": "gold"}},
                        "expect": [{"request": "POST /api/items?page=2", "headers": {"x-tier": "gold"}}],
                    },
                    {"exact": "/old", "redirect": {"path": "/new"}},
                    {"prefix": "/status/", "service": site.service, "port": site.service_port},
                ],
                "expect": [
                    {
                        "request": "GET /api/items",
                        "headers": {"x-tier": "gold"},
                        "service": site.service,
                        "path": "/anything/items",
                        "response_headers": {"x-served-by": "gold"},
                        "status": 200,
                    },
                    {"request": "GET /api/items", "status": 404},
                    {"request": "GET /old?x=1", "status": 301, "location": "https://cart.shop.example/new?x=1"},
                    {"request": "GET http://cart.shop.example/", "location": "https://cart.shop.example/"},
                    {"request": "GET https://nobody.shop.example/", "refused": "handshake"},
                ],
            },
        ],
    },
)
pulumi.export("ca_certificate", shop.ca_certificate)
