"""A message broker as it is, and Redis behind TLS that ends at the gateway."""

import pulumi

from istio_ingress import TcpGateway

data = TcpGateway(
    "data",
    {
        "ports": [
            {"port": 1883, "name": "mqtt", "backend": {"service": "broker", "port": 1883}},
            {
                "port": 6380,
                "name": "redis",
                "backend": {"service": "redis", "port": 6379},
                "tls": {"hosts": ["redis.shop.example"]},
            },
        ]
    },
)
pulumi.export("ca_certificates", data.ca_certificates)
