"""HTTP into the mesh: hosts and paths to a Service, by default httpbin."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired

import pulumi

from .arguments import route_complaints
from .arguments.additions import GatewayArgs
from .arguments.expectations import Expectation
from .arguments.gateway import GatewayPods, IngressGateway
from .arguments.hosts import HttpHost
from .arguments.routes import Backend, Route
from .arguments.schema import known
from .arguments.scopes import name_of, scope_complaints
from .arguments.workload import Workload, default_routes
from .component import ALL_DEFAULTS, Component
from .manifests import expectations, istio, kubernetes_ingress, workloads
from .manifests.kubernetes_ingress import Entry
from .names import fit, object_name
from .preview import review
from .refusal import Complaint
from .rules.routing import MESH


class HttpbinIngressArgs(GatewayArgs):
    """What is reachable over HTTP. By default httpbin.example.com, with /status and /delay to an httpbin of its own."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the objects and the workload stand. Default: the provider's namespace, or `default`."""

    gateway: NotRequired[pulumi.Input[IngressGateway]]
    """The pods that serve it. Default: those of `istioctl install`."""

    gateway_name: NotRequired[str]
    """Name of the Gateway and the VirtualService, or of the Ingress, a DNS label. Default: `<component>-http`."""

    entry: NotRequired[Entry]
    """What lets requests in. Default: an Istio Gateway."""

    ingress_class: NotRequired[pulumi.Input[str]]
    """An existing IngressClass for the Ingress. Default: one of the component's own."""

    tls_secret: NotRequired[pulumi.Input[str]]
    """With an Ingress: a Secret with `tls.key` and `tls.crt`, in the namespace of the gateway's pods and no other, with
    which the hosts are served over TLS as well."""

    tls_secrets: NotRequired[Mapping[str, pulumi.Input[str]]]
    """The same, with a Secret for each of the hosts, by host, instead. Hosts without one are served over HTTP only."""

    virtual_service_name: NotRequired[str]
    """Name of the VirtualService. Default: as the Gateway's."""

    port_name: NotRequired[pulumi.Input[str]]
    """Name of the server's port. Default: `http`."""

    hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """DNS names, `*.` and a DNS name, or `*`. Default: `httpbin.example.com`."""

    mesh_hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """Service names for which the same rules hold inside the mesh, such as `httpbin.default.svc.cluster.local`."""

    routes: NotRequired[Sequence[Route]]
    """Which paths go where; everything else is 404. Default: every path to a `backend`; to a workload of ours the paths
    of Istio's pages: prefixes /status and /delay to httpbin, /hello to helloworld."""

    backend: NotRequired[Backend]
    """An existing Service, instead of deploying a workload."""

    workload: NotRequired[Workload]
    """What is deployed where no Service is given. Default: httpbin, named as the component."""

    expect: NotRequired[Sequence[Expectation]]
    """What must answer to which requests, of the first of the hosts where nothing else is said: proven in the preview,
    asked afterwards. Default: nothing is expected."""


_KINDS = ("Deployment", "Gateway", "Ingress", "IngressClass", "Service", "VirtualService")


class HttpbinIngress(Component, takes=HttpbinIngressArgs, makes=_KINDS):
    """A Gateway on the HTTP port with its routes, and httpbin where no other Service is given."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    service: pulumi.Output[str]
    """The Service that answers where a route names none; empty where every route names one."""

    service_port: pulumi.Output[int]
    """Its port; 0 where every route names its own."""

    def __init__(
        self, name: str, args: HttpbinIngressArgs = ALL_DEFAULTS, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the ingress.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        super().__init__(name, args, opts)

    @staticmethod
    def _complaints(name: str, args: HttpbinIngressArgs) -> Iterator[Complaint]:
        return _complaints(args)

    def _declare(self, name: str, args: HttpbinIngressArgs) -> None:
        host = _host(args)
        backend = workloads.backend(host, name, fit(object_name(name)), parent=self, namespace=_namespace(args))
        _ENTRIES[_entry(args)](self, name, args, host, backend)
        self.hosts = pulumi.Output.all(*map(name_of, _hosts(args)))
        self.service = pulumi.Output.from_input(backend["service"] if backend else "")
        self.service_port = pulumi.Output.from_input(backend["port"] if backend else 0)


def _gateway(
    component: pulumi.Resource, name: str, args: HttpbinIngressArgs, host: HttpHost, backend: Backend | None
) -> None:
    gateway_name = _object_name(name, args)
    pods = GatewayPods.of(args.get("gateway"))
    if pods.is_placed:
        review.gateway_pods(pods.selector, pods.namespace)
    istio.gateway(
        f"{name}-gateway",
        gateway_name,
        [istio.http_server(_hosts(args), pods.http_port, port_name=args.get("port_name", "http"))],
        parent=component,
        namespace=_namespace(args),
        selector=pods.selector,
        bind=args.get("bind"),
    )
    gateways = [gateway_name, MESH] if args.get("mesh_hosts") else [gateway_name]
    spec = istio.http_routes(host, gateways, backend)
    istio.virtual_service(
        f"{name}-routes",
        args.get("virtual_service_name", gateway_name),
        spec,
        parent=component,
        namespace=_namespace(args),
        export_to=args.get("export_to"),
        expect=expectations.http(host.expect, host.routes, spec),
    )


def _ingress(
    component: pulumi.Resource, name: str, args: HttpbinIngressArgs, host: HttpHost, backend: Backend | None
) -> None:
    kubernetes_ingress.declare(
        name,
        _object_name(name, args),
        kubernetes_ingress.spec(host, backend, _secrets(args)),
        entry=_entry(args),
        ingress_class=args.get("ingress_class"),
        parent=component,
        namespace=_namespace(args),
        expect=expectations.plain(host.expect),
    )


_ENTRIES = {Entry.GATEWAY: _gateway, Entry.INGRESS_CLASS: _ingress, Entry.INGRESS_ANNOTATION: _ingress}


def _entry(args: HttpbinIngressArgs) -> Entry:
    return Entry(args.get("entry", Entry.GATEWAY))


def _namespace(args: HttpbinIngressArgs) -> pulumi.Input[str]:
    return args.get("namespace", "default")


def _hosts(args: HttpbinIngressArgs) -> Sequence[pulumi.Input[str]]:
    return args.get("hosts", ["httpbin.example.com"])


def _host(args: HttpbinIngressArgs) -> HttpHost:
    return HttpHost(
        served=[*map(name_of, _hosts(args)), *args.get("mesh_hosts", ())],
        routes=args.get("routes", default_routes(args)),
        backend=args.get("backend"),
        workload=args.get("workload", {}),
        expect=args.get("expect", ()),
    )


def _secrets(args: HttpbinIngressArgs) -> Iterator[tuple[Sequence[pulumi.Input[str]], pulumi.Input[str]]]:
    """Which hosts an Ingress serves over TLS, and with which Secret."""
    if "tls_secret" in args:
        yield [one for one in _hosts(args) if one != "*"], args["tls_secret"]
    for host, secret in args.get("tls_secrets", {}).items():
        yield [host], secret


def _object_name(name: str, args: HttpbinIngressArgs) -> str:
    return args.get("gateway_name", fit(object_name(name), "http"))


# Fields that mean something only with some ways in, and why they must be left out with the others.
_ONLY_WITH = {
    "gateway": (Entry.GATEWAY, "left out: which pods serve an Ingress is in Istio's mesh configuration"),
    "bind": (Entry.GATEWAY, "left out: an Ingress says nothing about addresses"),
    "export_to": (Entry.GATEWAY, "left out: an Ingress has no routes of Istio's"),
    "virtual_service_name": (Entry.GATEWAY, "left out: an Ingress has no VirtualService of its own"),
    "port_name": (Entry.GATEWAY, "left out: an Ingress names no ports"),
    "api_version": (Entry.GATEWAY, "left out: an Ingress is none of Istio's objects"),
    "ingress_class": (Entry.INGRESS_CLASS, "left out unless the entry is 'ingress-class'"),
    "mesh_hosts": (Entry.GATEWAY, "left out: an Ingress says nothing about requests inside the mesh"),
}


def _complaints(args: HttpbinIngressArgs) -> Iterator[Complaint]:
    entry = _entry(args)
    for field, (only, wanted) in _ONLY_WITH.items():
        if field in args and entry is not only:
            yield Complaint(field, args[field], wanted)  # type: ignore[literal-required]
    if entry is Entry.GATEWAY:
        yield from _gateway_complaints(args)
    else:
        yield from _ingress_complaints(args)


def _gateway_complaints(args: HttpbinIngressArgs) -> Iterator[Complaint]:
    yield from route_complaints.complaints(args)
    for field in ("tls_secret", "tls_secrets"):
        if field in args:
            yield Complaint(field, args[field], "left out: TLS through a Gateway is TlsGateway's")
    if "mesh_hosts" in args and "*" in map(name_of, _hosts(args)):
        yield Complaint("hosts", "*", "a name where mesh_hosts are given, because Istio refuses '*' inside the mesh")


def _ingress_complaints(args: HttpbinIngressArgs) -> Iterator[Complaint]:
    yield from route_complaints.complaints(args, route_complaints.INGRESS_PATHS)
    for index, host in enumerate(_hosts(args)):
        yield from scope_complaints(f"hosts[{index}]", [host], "an Ingress knows none")
    if "tls_secrets" in args and "tls_secret" in args:
        yield Complaint("tls_secrets", "given", "left out where tls_secret is given")
    for host in args.get("tls_secrets", ()):
        if all(map(known, _hosts(args))) and (host not in _hosts(args) or host == "*"):
            yield Complaint("tls_secrets", host, f"a mapping by hosts: {', '.join(map(str, _hosts(args)))}")
    named = {f"routes[{index}].service": route.get("service") for index, route in enumerate(_host(args).routes)}
    named["backend.service"] = args.get("backend", {}).get("service")
    for field, service in named.items():
        if isinstance(service, str) and "." in service:
            yield Complaint(field, service, "a Service's bare name: an Ingress reaches only its own namespace")
