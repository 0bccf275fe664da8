"""Short ways to write manifests in tests."""

from __future__ import annotations

from typing import Any

from istio_ingress import rules
from tests.unit.rules.material import NOW


def manifest(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    group = {"Service": "v1", "Pod": "v1", "Deployment": "apps/v1"}.get(kind, "networking.istio.io/v1")
    return {
        "apiVersion": group,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def gateway(
    name: str, *servers: dict[str, Any], selector: dict[str, str] | None = None, **options: Any
) -> dict[str, Any]:
    spec = {"selector": {"istio": "ingressgateway"} if selector is None else selector, "servers": list(servers)}
    return manifest("Gateway", name, spec, **options)


def http(*hosts: str, port: int = 80, name: str = "http", **fields: Any) -> dict[str, Any]:
    return {"port": {"number": port, "name": name, "protocol": "HTTP"}, "hosts": list(hosts), **fields}


def https(*hosts: str, port: int = 443, name: str = "https", bind: str = "", **tls: Any) -> dict[str, Any]:
    told = {"mode": "SIMPLE", "credentialName": _credential(hosts[0]), **tls}
    settings = {key: value for key, value in told.items() if value != ""}
    server = {"port": {"number": port, "name": name, "protocol": "HTTPS"}, "hosts": list(hosts), "tls": settings}
    return {**server, "bind": bind} if bind else server


def _credential(host: str) -> str:
    return host.lower().replace("*", "any").replace("/", "").strip(".")


def virtual_service(name: str, *hosts: str, gateways: tuple[str, ...] = ("shop",), **options: Any) -> dict[str, Any]:
    fields = {key: options.pop(key) for key in ("http", "tls", "tcp", "exportTo") if key in options}
    routes = fields if fields.keys() & {"http", "tls", "tcp"} else {"http": [route("cart")], **fields}
    return manifest("VirtualService", name, {"hosts": list(hosts), "gateways": list(gateways), **routes}, **options)


def route(host: str, *matches: dict[str, Any], port: int = 0) -> dict[str, Any]:
    destination = {"host": host, "port": {"number": port}} if port else {"host": host}
    return {"match": list(matches), "route": [{"destination": destination}]}


def pods(namespace: str = "istio-system", **labels: str) -> dict[str, Any]:
    name = "-".join(labels.values())
    return manifest("Deployment", name, {"template": {"metadata": {"labels": labels}}}, namespace)


def service(
    name: str, *ports: tuple[int, int], namespace: str = "shop", selector: dict[str, str] | None = None
) -> dict[str, Any]:
    listed = [{"name": f"p{port}", "port": port, "targetPort": target} for port, target in ports]
    return manifest("Service", name, {"ports": listed, **({"selector": selector} if selector else {})}, namespace)


def secret(name: str, namespace: str = "istio-system", **values: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    named = {key.replace("_", "."): value for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": named}


def check(*documents: dict[str, Any], **settings: Any) -> list[rules.Finding]:
    return rules.check(documents, now=NOW, settings=rules.Settings(**settings))


def names(*documents: dict[str, Any], **settings: Any) -> list[str]:
    """The rules that are broken, each with the resource that breaks it."""
    return [f"{finding.rule}: {finding.namespace}/{finding.name}" for finding in check(*documents, **settings)]
