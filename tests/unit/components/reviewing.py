"""Resources of a program that is reviewed: raw ones, and a small gateway."""

import pulumi
import pulumi_kubernetes as kubernetes

from istio_ingress import TlsGateway

SELECTOR = {"istio": "ingressgateway"}


def raw_gateway(host, name="raw", credential="raw", mode="SIMPLE", selector=SELECTOR, annotations=None, **opts):
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": [host],
        "tls": {"mode": mode, "credentialName": credential},
    }
    return kubernetes.apiextensions.CustomResource(
        name,
        api_version="networking.istio.io/v1",
        kind="Gateway",
        metadata={"namespace": "istio-system", "name": name, "annotations": annotations or {}},
        spec={"selector": selector, "servers": [server]},
        opts=pulumi.ResourceOptions(**opts),
    )


def raw_service(name, port, **opts):
    return kubernetes.core.v1.Service(
        name,
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name=name, namespace="default"),
        spec=kubernetes.core.v1.ServiceSpecArgs(ports=[kubernetes.core.v1.ServicePortArgs(port=port, target_port=9)]),
        opts=pulumi.ResourceOptions(**opts),
    )


def raw_secret(name, pair):
    metadata = {"namespace": "istio-system", "name": name}
    return kubernetes.core.v1.Secret(
        name, metadata=metadata, string_data={"tls.crt": pair.certificate, "tls.key": pair.key}
    )


def web(name="web", host="shop.example", **args):
    return TlsGateway(name, {"hosts": [{"host": host, "backend": {"service": "cart", "port": 80}}], **args})
