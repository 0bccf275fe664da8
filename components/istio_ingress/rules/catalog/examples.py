"""Pieces that the rules' examples begin with."""

from __future__ import annotations

GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:"""

HTTP_SERVER = """\
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example]"""

HTTPS_SERVER = """\
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example]"""

OTHER_GATEWAY = GATEWAY.replace("name: shop,", "name: blog,")

VIRTUAL_SERVICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:"""

OTHER_VIRTUAL_SERVICE = VIRTUAL_SERVICE.replace("name: shop,", "name: blog,")

GATEWAY_PODS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: istio-ingressgateway, namespace: istio-system}
spec:
  template:
    metadata: {labels: {istio: ingressgateway}}"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  ports: [{name: http, port: 8000, targetPort: 8080}]"""

CREDENTIAL = """\
apiVersion: v1
kind: Secret
metadata: {name: shop-credential, namespace: istio-system}
stringData:"""
