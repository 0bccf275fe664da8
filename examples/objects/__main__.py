"""A shop's hosts as external-dns, a team's labels and an older rule of the house want their objects."""

import pulumi

from istio_ingress import HttpGateway

shop = HttpGateway(
    "shop",
    {
        "hosts": [{"host": "./www.shop.example", "backend": {"service": "site", "port": 8000}}],
        "labels": {"team": "shop"},
        "annotations": {"example.com/owner": "shop@shop.example"},
        "patches": {
            "Gateway": {"metadata": {"annotations": {"external-dns.alpha.kubernetes.io/target": "edge.shop.example"}}},
            "VirtualService": {"spec": {"http": {"timeout": "30s"}}},
        },
    },
)
pulumi.export("hosts", shop.hosts)
