"""A team's program: its host on the platform's Gateway, without a certificate of its own."""

import pulumi

from istio_ingress import HostRoutes

cart = HostRoutes(
    "cart",
    {
        "gateways": ["default/shop"],
        "hosts": [{"host": "cart.shop.example", "backend": {"service": "cart", "port": 8000}}],
    },
)
pulumi.export("hosts", cart.hosts)
