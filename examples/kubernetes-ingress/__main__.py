"""A Kubernetes Ingress that Istio's gateway serves, over HTTP and over TLS."""

import pulumi

from istio_ingress import Entry, HttpbinIngress

door = HttpbinIngress(
    "door",
    {
        "entry": Entry.INGRESS_CLASS,
        "hosts": ["door.shop.example"],
        "routes": [
            {"exact": "/headers"},
            {"prefix": "/status"},
            {"path": "/anything/*"},
        ],
        "tls_secret": "door-certificate",
    },
)
pulumi.export("hosts", door.hosts)
