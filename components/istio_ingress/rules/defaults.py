"""What `istioctl install` and Kubernetes choose where nobody has chosen."""

from __future__ import annotations

#: Istio's own namespace, whose settings hold for the mesh; the ingress gateway's pods run there.
ROOT_NAMESPACE = "istio-system"
#: The pods that tell the gateways what to do.
ISTIOD_LABELS = {"app": "istiod"}
#: The ingress gateway: the Service before it, how a Gateway selects its pods, and their labels.
GATEWAY_SERVICE = "istio-ingressgateway"
GATEWAY_SELECTOR = {"istio": "ingressgateway"}
GATEWAY_LABELS = {"app": GATEWAY_SERVICE, **GATEWAY_SELECTOR}
#: The DNS suffix of Services.
CLUSTER_DOMAIN = "cluster.local"
