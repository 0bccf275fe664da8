"""Rules about a Gateway and its servers by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.rules import hosts
from istio_ingress.rules.catalog.examples import GATEWAY, GATEWAY_PODS, HTTP_SERVER, OTHER_GATEWAY
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.names import LONGEST_LABEL, is_dns_label
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import PROTOCOLS, Gateway, Resource, Server
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import MalformedError, UnknownValueError
from istio_ingress.rules.words import labels, some

_VALIDATION = "istio pkg/config/validation/validation.go"


@rule(
    Gateway,
    "gateway-name",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateGateway",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("name: shop,", "name: shop.example,"), ("shop.example,", "shop-example,")
    ),
)
def gateway_name(gateway: Gateway, _: Index) -> Iterator[Problem]:
    """Istio refuses a Gateway whose name is not a DNS label: no dots, no capitals, at most 63 characters."""
    if not is_dns_label(gateway.name):
        length = f" of {len(gateway.name)} characters" if len(gateway.name) > LONGEST_LABEL else ""
        yield Problem(
            gateway,
            "metadata.name",
            f"The name {gateway.name!r}{length} is not a DNS label.",
            f"Use at most {LONGEST_LABEL} of a-z, 0-9 and -, without dots.",
        )


@rule(
    Index,
    "resource-repeated",
    Severity.ERROR,
    source="Kubernetes: one object per kind, namespace and name",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{OTHER_GATEWAY}\n{HTTP_SERVER.replace('shop', 'blog')}\n".replace(
            "name: blog,", "name: shop, labels: {app: blog},"
        ),
        ("name: shop, labels", "name: blog, labels"),
    ),
)
def resource_repeated(index: Index, _: Index) -> Iterator[Problem]:
    """Of two different manifests with one kind, namespace and name, the second overwrites the first.

    Two resources of a program are one too many even where they are equal: when one goes, the other's object goes.
    """
    objects: dict[tuple[str, str, str, str], list[Resource]] = {}
    for resource in index.resources:
        try:
            key = (resource.group, resource.kind, *resource.key)
        except (UnknownValueError, MalformedError):
            continue
        objects.setdefault(key, []).append(resource)
    for first, *others in objects.values():
        owned = next((other for other in others if first.owned and other.owned), None)
        if owned:
            yield Problem(
                owned,
                "metadata.name",
                f'It is declared twice, by "{first.origin}" and by "{owned.origin}": what one changes or deletes '
                "the other loses.",
                "Give one of them another name, or declare it once and name its Service where the other needs it.",
            )
        elif others:
            origins = [one.origin for one in (first, *others) if one.origin]
            count = "two" if len(others) == 1 else len(others) + 1
            yield Problem(
                others[0],
                "metadata.name",
                f"There are {count} different manifests of {first}" + (f": {some(origins)}." if origins else "."),
                "Give one of them another name, or delete it.",
            )


@rule(
    Gateway,
    "gateway-port-name",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateGateway, validateServerPort",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n{HTTP_SERVER.replace('number: 80', 'number: 8080').replace('shop', 'www')}\n",
        ("number: 8080, name: http", "number: 8080, name: http-alt"),
    ),
)
def gateway_port_name(gateway: Gateway, _: Index) -> Iterator[Problem]:
    """Istio refuses a Gateway with two servers whose port names are equal, or with a server without one."""
    seen: dict[str, Server] = {}
    for server in gateway.servers:
        name = server.port.text("name")
        if "port" in server.node and not name:
            yield Problem(gateway, server.port.at("name"), "This port has no name.", "Give it one, such as https-shop.")
        elif name in seen:
            yield Problem(
                gateway,
                server.port.at("name"),
                f"The port name {name!r} is also that of {seen[name].node.path}.",
                "Give every server of a Gateway a port name of its own, such as https-shop.",
            )
        elif name:
            seen[name] = server


@rule(
    Gateway,
    "gateway-server-incomplete",
    Severity.ERROR,
    source=f"{_VALIDATION} ValidateGateway, validateServer, validateServerPort",
    example=Example.fixed(
        f"{GATEWAY}\n  - hosts: [shop.example]\n",
        ("  - hosts", "  - port: {number: 80, name: http, protocol: HTTP}\n    hosts"),
    ),
)
def gateway_server_incomplete(gateway: Gateway, index: Index) -> Iterator[Problem]:
    """Istio refuses a Gateway without servers, and a server without hosts, or without a port it can listen on."""
    if index.has_versions(gateway):
        return  # one of them may be a patch of another
    if not gateway.spec.nodes("servers"):
        yield Problem(gateway, "spec.servers", "There is no server.", "Name at least one, with a port and hosts.")
    for server in gateway.servers:
        if not server.node.texts("hosts"):
            yield Problem(
                gateway, server.node.at("hosts"), "This server has no hosts.", "Name at least one host, or '*'."
            )
        if "port" not in server.node:
            remedy = "Give it a port with number, name and protocol."
            yield Problem(gateway, server.node.at("port"), "This server has no port.", remedy)
            continue
        number = server.port.number("number")
        if not 1 <= number <= 65535 and not server.node.text("bind").startswith("unix://"):
            message = f"The port number is {number}." if "number" in server.port else "The port has no number."
            yield Problem(gateway, server.port.at("number"), message, "Use a number from 1 to 65535.")
        if server.protocol not in PROTOCOLS:
            yield Problem(
                gateway,
                server.port.at("protocol"),
                f"The protocol is {server.port.text('protocol')!r}.",
                "Use HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS or MYSQL.",
            )


@rule(
    Resource,
    "host-invalid",
    Severity.ERROR,
    source="istio pkg/config/validation/agent/validation.go ValidateNamespaceSlashWildcardHostname",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("[shop.example]", "['https://shop.example']"),
        ("'https://shop.example'", "shop.example"),
    ),
)
def host_invalid(resource: Resource, _: Index) -> Iterator[Problem]:
    """Istio refuses hosts that are no DNS name, no address and no wildcard.

    A wildcard for a part of the first label, such as `*-shop.example`, can stand in a VirtualService only.
    """
    written: list[tuple[str, str]] = []
    if isinstance(resource, Gateway):
        for server in resource.servers:
            where = server.node.at("hosts")
            written += [(where, host) for host in server.node.known_texts("hosts")]
    if isinstance(resource, VirtualService):
        written += [("spec.hosts", host) for host in resource.known_spec.known_texts("hosts")]
    for path, host in written:
        has_scope = isinstance(resource, Gateway) and "/" in host and "://" not in host
        name = host.partition("/")[2] if has_scope else host
        fault = hosts.fault(name)
        if not fault and isinstance(resource, Gateway) and hosts.is_partial_wildcard(name):
            fault = "a wildcard of a Gateway is a whole label"
        if fault:
            yield Problem(
                resource,
                path,
                f"{host!r} is not a host: {fault}.",
                "Use a DNS name such as shop.example or *.shop.example.",
            )


@rule(
    Server,
    "wildcard-host-in-production",
    Severity.WARNING,
    source="Istio security best practices: avoid overly broad hosts configurations",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n".replace("[shop.example]", "['*']"),
        ("'*'", "shop.example"),
        settings=Settings(production=True),
    ),
)
def wildcard_host_in_production(server: Server, index: Index) -> Iterator[Problem]:
    """In an environment marked production, a server for any host exposes whatever VirtualService binds to it next."""
    if index.settings.production and "*" in server.hosts:
        yield Problem(
            server.gateway,
            server.node.at("hosts"),
            "The host '*' admits every VirtualService, and this environment is marked production.",
            "Name the hosts that are served here.",
        )


@rule(
    Gateway,
    "gateway-selector-unmatched",
    Severity.WARNING,
    misses=True,
    source="istio pkg/config/analysis IST0101 ReferencedResourceNotFound (selector)",
    example=Example.fixed(
        f"{GATEWAY}\n{HTTP_SERVER}\n---\n{GATEWAY_PODS}\n".replace(
            "selector: {istio: ingressgateway}", "selector: {istio: ingresgateway}"
        ),
        ("ingresgateway", "ingressgateway"),
        settings=Settings(complete=True),
    ),
)
def gateway_selector_unmatched(gateway: Gateway, index: Index) -> Iterator[Problem]:
    """A Gateway that selects no pod configures nothing; only a complete set of manifests can tell."""
    if index.settings.complete and index.listeners.selects_nothing(gateway):
        yield Problem(
            gateway,
            "spec.selector",
            f"No pod has the labels {labels(gateway.selector)}.",
            "Use labels that the pods of a gateway have.",
        )


@rule(
    Server,
    "gateway-port-unserved",
    Severity.WARNING,
    misses=True,
    source="istio pkg/config/analysis IST0162 GatewayPortNotDefinedOnService",
    example=Example.fixed(
        f"""{GATEWAY}
{HTTP_SERVER}
---
{GATEWAY_PODS}
---
apiVersion: v1
kind: Service
metadata: {{name: istio-ingressgateway, namespace: istio-system}}
spec:
  selector: {{istio: ingressgateway}}
  ports: [{{name: http2, port: 80, targetPort: 8080}}]
""".replace("number: 80,", "number: 8000,"),
        ("number: 8000,", "number: 80,"),
    ),
)
def gateway_port_unserved(server: Server, index: Index) -> Iterator[Problem]:
    """A port that no Service of the gateway pods carries is opened in the pods, but nobody reaches it from outside."""
    ports = index.listeners.service_ports(server.gateway)
    number = server.port.number("number")
    if ports and 0 not in ports.values() and number and number not in ports and number not in ports.values():
        listed = some(f"{port} (to {target})" for port, target in sorted(ports.items()))
        yield Problem(
            server.gateway,
            server.port.at("number"),
            f"The Services of the pods {labels(server.gateway.selector)} carry {listed}, not {number}.",
            "Add the port to the gateway's Service, or use one that it has.",
            absent_from="*",
        )
