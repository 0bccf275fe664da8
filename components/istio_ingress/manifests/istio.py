"""Gateways, VirtualServices and what stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from ..arguments.additions import ApiVersion
from ..arguments.gateway import TlsVersion
from ..arguments.hosts import HttpHost
from ..arguments.routes import Backend, WeightedBackend
from ..expected.carried import ANNOTATION
from ..names import fit
from .objects import Manifest, additions, metadata, options
from .routes import http_rules, weighted


@dataclass(frozen=True)
class Tls:
    """How a server ends TLS."""

    mode: str
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None
    cipher_suites: Sequence[pulumi.Input[str]] = ()
    client_names: Sequence[pulumi.Input[str]] = ()
    """The names of which a client's certificate must have one; none: any will do."""
    client_ca: pulumi.Input[str] | None = None
    """Where the clients' CA is, if it is not beside the server's certificate."""


PASSTHROUGH = Tls("PASSTHROUGH")


def http_server(
    hosts: Sequence[pulumi.Input[str]],
    port: pulumi.Input[int],
    redirect: bool = False,
    port_name: pulumi.Input[str] = "http",
) -> Manifest:
    """A plain HTTP server; with `redirect` it answers everything with 301 to https."""
    server: Manifest = {"port": {"number": port, "name": port_name, "protocol": "HTTP"}, "hosts": list(hosts)}
    if redirect:
        server["tls"] = {"httpsRedirect": True}
    return server


def tls_server(
    name: str,
    hosts: Sequence[pulumi.Input[str]],
    port: pulumi.Input[int],
    tls: Tls,
    credentials: Sequence[pulumi.Input[str]] = (),
    port_name: pulumi.Input[str] | None = None,
) -> Manifest:
    """A TLS server.

    `name` must be unique in its Gateway; its port is called after it, or `port_name`. The mode is always written,
    because Istio takes PASSTHROUGH where it is not.
    """
    settings: Manifest = {"mode": tls.mode}
    if len(credentials) == 1:
        settings["credentialName"] = credentials[0]
    elif credentials:
        settings["credentialNames"] = list(credentials)
    if tls.min_version:
        settings["minProtocolVersion"] = tls.min_version.value
    if tls.max_version:
        settings["maxProtocolVersion"] = tls.max_version.value
    if tls.cipher_suites:
        settings["cipherSuites"] = list(tls.cipher_suites)
    if tls.client_names:
        settings["subjectAltNames"] = list(tls.client_names)
    if tls.client_ca is not None:
        settings["caCertCredentialName"] = tls.client_ca
    return {
        "port": {"number": port, "name": port_name or fit("https", name), "protocol": "HTTPS"},
        "hosts": list(hosts),
        "tls": settings,
    }


def tcp_server(
    name: str,
    hosts: Sequence[pulumi.Input[str]],
    port: pulumi.Input[int],
    credential: pulumi.Input[str] | None = None,
) -> Manifest:
    """A server of plain TCP, or of TCP in TLS that ends here where a credential is given."""
    protocol = "TCP" if credential is None else "TLS"
    server: Manifest = {"port": {"number": port, "name": name, "protocol": protocol}, "hosts": list(hosts)}
    return server if credential is None else server | {"tls": {"mode": "SIMPLE", "credentialName": credential}}


def gateway(
    name: str,
    gateway_name: str,
    servers: Sequence[Manifest],
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    selector: pulumi.Input[Mapping[str, pulumi.Input[str]]],
    bind: pulumi.Input[str] | None = None,
) -> None:
    """Declare a Gateway: what the pods with these labels listen to, at all of their addresses or at one."""
    if bind is not None:
        servers = [{**server, "bind": bind} for server in servers]
    _declare(name, "Gateway", gateway_name, {"selector": selector, "servers": list(servers)}, parent, namespace)


def virtual_service(
    name: str,
    object_name: str,
    spec: Manifest,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    export_to: Sequence[pulumi.Input[str]] | None = None,
    left_alone: Sequence[str] = (),
    expect: pulumi.Input[str] | None = None,
) -> None:
    """Declare a VirtualService: which request goes where.

    Args:
        name: the Pulumi name.
        object_name: its name in Kubernetes.
        spec: the rules.
        parent: the component.
        namespace: where it stands.
        export_to: the namespaces that the rules reach; None for all.
        left_alone: paths that updates do not write again.
        expect: what `manifests.expectations` made.
    """
    if export_to is not None:
        spec = {**spec, "exportTo": list(export_to)}
    _declare(name, "VirtualService", object_name, spec, parent, namespace, left_alone, expect)


def http_routes(host: HttpHost, gateways: Sequence[pulumi.Input[str]], backend: Backend | None) -> Manifest:
    """A VirtualService's spec; what none of its routes matches is 404.

    Args:
        host: the names, and which paths go where.
        gateways: the Gateways that these rules hold for, by name; `mesh` for requests inside the mesh.
        backend: who answers where a route names no Service.
    """
    return {"hosts": list(host.served), "gateways": list(gateways), "http": http_rules(host.routes, backend)}


def passthrough_routes(
    hosts: Sequence[pulumi.Input[str]], gateways: Sequence[str], port: pulumi.Input[int], backend: Backend
) -> Manifest:
    """A VirtualService's spec: connections that name one of these hosts go to the backend as they are."""
    return sni_routes(hosts, gateways, port, [{"service": backend["service"], "port": backend["port"]}])


def sni_routes(
    hosts: Sequence[pulumi.Input[str]],
    gateways: Sequence[str],
    port: pulumi.Input[int],
    backends: Sequence[WeightedBackend],
) -> Manifest:
    """A VirtualService's spec: connections that name one of these hosts are shared by the backends as they are."""
    rule = {"match": [{"port": port, "sniHosts": list(hosts)}], "route": weighted(backends)}
    return {"hosts": list(hosts), "gateways": list(gateways), "tls": [rule]}


def port_routes(
    hosts: Sequence[pulumi.Input[str]],
    gateways: Sequence[str],
    port: pulumi.Input[int],
    backends: Sequence[WeightedBackend],
) -> Manifest:
    """A VirtualService's spec: what comes in on a port is shared by the backends, connection by connection."""
    rule = {"match": [{"port": port}], "route": weighted(backends)}
    return {"hosts": list(hosts), "gateways": list(gateways), "tcp": [rule]}


def _declare(
    name: str,
    kind: str,
    object_name: str,
    spec: Manifest,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    left_alone: Sequence[str] = (),
    expect: pulumi.Input[str] | None = None,
) -> None:
    opts = pulumi.ResourceOptions.merge(options(parent), pulumi.ResourceOptions(ignore_changes=list(left_alone)))
    carried = {} if expect is None else {ANNOTATION: expect}
    networking_object(name, kind, metadata(namespace, object_name, annotations=carried), spec, opts)


def networking_object(name: str, kind: str, described: Manifest, spec: Manifest, opts: pulumi.ResourceOptions) -> None:
    """Declare an object of the API group networking.istio.io, which stays the same in another of its versions."""
    chosen = additions(opts.parent).api_version
    others = [f"kubernetes:networking.istio.io/{one.value}:{kind}" for one in ApiVersion if one is not chosen]
    CustomResource(
        name,
        api_version=f"networking.istio.io/{chosen.value}",
        kind=kind,
        metadata=described,
        spec=spec,
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=other) for other in others])
        ),
    )
