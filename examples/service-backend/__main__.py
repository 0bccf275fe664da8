"""A Service whose clients keep their pod, whose failing pods rest, and which is never flooded; and its host."""

import pulumi

from istio_ingress import HttpGateway, ServiceBackend

cart = ServiceBackend(
    "cart",
    {
        "service": "cart",
        "port": 8000,
        "load_balancer": {"consistent_hash": {"http_cookie": {"name": "cart-pod", "ttl": "1h"}}},
        "connection_pool": {"tcp": {"connect_timeout": "2s"}, "http": {"http1_max_pending_requests": 100}},
        "outlier_detection": {"consecutive_5xx_errors": 5, "base_ejection_time": "30s"},
    },
)
shop = HttpGateway("shop", {"hosts": [{"host": "cart.shop.example", "backend": cart.backend}]})
pulumi.export("hosts", shop.hosts)
