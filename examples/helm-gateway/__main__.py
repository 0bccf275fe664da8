"""A gateway that `helm install istio-ingress istio/gateway --namespace istio-ingress` made."""

import pulumi

from istio_ingress import HttpbinIngress, IngressGateway, TlsGateway

gateway: IngressGateway = {"namespace": "istio-ingress", "selector": {"istio": "ingress"}}

edge = HttpbinIngress("edge", {"gateway": gateway, "hosts": ["edge.shop.example"]})
secure = TlsGateway(
    "secure",
    {
        "gateway": gateway,
        "hosts": [
            {
                "host": "edge.shop.example",
                "routes": [{"prefix": "/status"}],
                "backend": {"service": edge.service, "port": edge.service_port},
            }
        ],
    },
)
pulumi.export("ca_certificate", secure.ca_certificate)
