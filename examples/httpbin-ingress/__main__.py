"""HTTP: a status page for one host, the same rules inside the mesh, and the request's headers for any host."""

import pulumi

from istio_ingress import HttpbinIngress

status = HttpbinIngress(
    "status",
    {
        "hosts": ["status.shop.example"],
        "mesh_hosts": ["status.default.svc.cluster.local"],
        "routes": [{"prefix": "/status"}],
    },
)
HttpbinIngress(
    "any",
    {
        "hosts": ["*"],
        "routes": [{"exact": "/headers"}],
        "backend": {"service": status.service, "port": status.service_port},
    },
)
pulumi.export("hosts", status.hosts)
