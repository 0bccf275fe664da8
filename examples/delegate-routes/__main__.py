"""A host whose cart is rolled out by Flagger: it moves the weights, and updates of the host leave them as they are."""

import pulumi

from istio_ingress import DelegateRoutes, HttpGateway

cart = DelegateRoutes(
    "cart",
    {
        "weights_owner": "flagger",
        "routes": [
            {
                "prefix": "/anything/cart",
                "backends": [
                    {"service": "cart", "port": 8000, "weight": 100},
                    {"service": "cart-next", "port": 8000, "weight": 0},
                ],
            }
        ],
    },
)
shop = HttpGateway(
    "shop",
    {
        "hosts": [
            {
                "host": "www.shop.example",
                "routes": [
                    {"prefix": "/anything/cart", "delegate": cart.delegate},
                    {"prefix": "/", "service": "site", "port": 8000, "timeout": "30s"},
                ],
            }
        ]
    },
)
pulumi.export("hosts", shop.hosts)
