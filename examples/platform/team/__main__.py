"""A team's stack: its hosts on the platform's Gateway, with no certificate, key or Gateway of its own."""

import pulumi

from istio_ingress import Backend, DelegateRoutes, HostRoutes

config = pulumi.Config()
namespace = config.require("namespace")
platform = pulumi.StackReference(config.require("platform"))
backend: Backend = {"service": "cart", "port": 8000}

cart = HostRoutes(
    "cart",
    {
        "namespace": namespace,
        "shared_gateway": platform.require_output("gateway"),
        "hosts": [{"host": f"cart.{config.require('domain')}", "backend": backend}],
    },
)
# For a name that is not below the domain the platform keeps the certificate and delegates what is asked.
basket = DelegateRoutes("basket", {"namespace": namespace, "backend": backend})
pulumi.export("hosts", cart.hosts)
