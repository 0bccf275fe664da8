"""Manifests of many hosts, as text: what a large cluster's `kubectl get -o yaml` or repository holds."""

from __future__ import annotations

from collections.abc import Iterator

HOSTS_OF_A_GATEWAY = 100

_GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: {gateway}
  namespace: {gateway}
spec:
  selector:
    istio: ingressgateway
  servers:
  - port:
      number: 80
      name: http
      protocol: HTTP
    hosts:
    - "*.{gateway}.example"
"""
_HOST = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: {name}
  namespace: {gateway}
  labels:
    app: {name}
spec:
  hosts:
  - {name}.{gateway}.example
  gateways:
  - {gateway}
  http:
  - match:
    - uri:
        prefix: /api/
    - uri:
        prefix: /status/
    route:
    - destination:
        host: {name}
        port:
          number: 8000
      weight: 90
    - destination:
        host: {name}
        port:
          number: 8000
      weight: 10
    timeout: 5s
  - route:
    - destination:
        host: {name}
        port:
          number: 8000
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {gateway}
spec:
  selector:
    app: {name}
  ports:
  - name: http
    port: 8000
"""


def text(hosts: int) -> str:
    """A VirtualService with two routes and a Service for every host, a Gateway for every hundred; nothing is wrong."""
    return "---\n".join(_documents(hosts))


def _documents(hosts: int) -> Iterator[str]:
    for number in range(hosts):
        gateway = f"g{number // HOSTS_OF_A_GATEWAY}"
        if number % HOSTS_OF_A_GATEWAY == 0:
            yield _GATEWAY.format(gateway=gateway)
        yield _HOST.format(name=f"s{number}", gateway=gateway)
