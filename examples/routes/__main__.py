"""A shop whose next cart gets one request in ten, whose old addresses still work, and whose API is told apart."""

import pulumi

from istio_ingress import HttpGateway

cart, following, site = ({"service": name, "port": 8000} for name in ("cart", "cart-next", "site"))
shop = HttpGateway(
    "shop",
    {
        "hosts": [
            {
                "host": "www.shop.example",
                "backend": site,
                "routes": [
                    {
                        "prefix": "/api/cart/",
                        "methods": ["GET", "HEAD"],
                        "headers": {"x-tier": {"exact": "gold"}},
                        "backends": [{**cart, "weight": 90}, {**following, "weight": 10}],
                        "rewrite": {"prefix": "/anything/cart/"},
                        "timeout": "5s",
                        "retries": {"attempts": 3, "per_try_timeout": "2s", "retry_on": ["5xx", "reset"]},
                    },
                    {"prefix": "/api/", "direct_response": {"status": 404, "body": "no such interface\n"}},
                    {"exact": "/old", "redirect": {"path": "/new", "status": 308}},
                    {"prefix": "/", "response_headers": {"set": {"x-frame-options": "DENY"}}},
                ],
            }
        ]
    },
)
pulumi.export("hosts", shop.hosts)
