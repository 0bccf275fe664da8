"""HTTP into the mesh: hosts and paths to a Service, by default httpbin."""

from collections.abc import Iterator, Sequence
from typing import NotRequired, TypedDict

import pulumi

from . import arguments, istio, kubernetes_ingress, routing
from .arguments import Complaint
from .hosts import fit
from .istio import Backend, IngressGateway, Route
from .kubernetes_ingress import Entry
from .workloads import Workload, workload

_NAME = "HttpbinIngress"


class HttpbinIngressArgs(TypedDict):
    """What is reachable over HTTP. By default httpbin.example.com, with /status and /delay to an httpbin of its own."""

    namespace: NotRequired[pulumi.Input[str]]
    """Where the objects and the workload stand. Default: `default`."""

    gateway: NotRequired[IngressGateway]
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

    hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """DNS names, `*.` and a DNS name, or `*`. Default: `httpbin.example.com`."""

    mesh_hosts: NotRequired[Sequence[pulumi.Input[str]]]
    """Service names for which the same rules hold inside the mesh, such as `httpbin.default.svc.cluster.local`."""

    routes: NotRequired[Sequence[Route]]
    """Which paths go where; everything else is 404. Default: prefixes /status and /delay to the backend."""

    backend: NotRequired[Backend]
    """An existing Service, instead of deploying a workload."""

    workload: NotRequired[Workload]
    """What is deployed where no Service is given. Default: httpbin, named as the component."""


class HttpbinIngress(pulumi.ComponentResource):
    """A Gateway on the HTTP port with its routes, and httpbin where no other Service is given."""

    hosts: pulumi.Output[list[str]]
    """The host names served."""

    service: pulumi.Output[str]
    """The Service that answers where a route names none; empty where every route names one."""

    service_port: pulumi.Output[int]
    """Its port; 0 where every route names its own."""

    def __init__(self, name: str, args: HttpbinIngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the ingress.

        Raises:
            pulumi.RunError: an argument is wrong; nothing has been declared.
        """
        _check(name, args)
        super().__init__("istio-ingress:index:HttpbinIngress", name, {}, opts)
        backend = _backend(self, name, args)
        _ENTRIES[_entry(args)](self, name, args, backend)
        self.hosts = pulumi.Output.all(*_hosts(args))
        self.service = pulumi.Output.from_input(backend["service"] if backend else "")
        self.service_port = pulumi.Output.from_input(backend["port"] if backend else 0)
        self.register_outputs({"hosts": self.hosts, "service": self.service, "service_port": self.service_port})


def _backend(component: pulumi.Resource, name: str, args: HttpbinIngressArgs) -> Backend | None:
    wanted, namespace = args.get("workload", {}), _namespace(args)
    return routing.answering(args, lambda: workload(name, name, wanted, parent=component, namespace=namespace))


def _gateway(component: pulumi.Resource, name: str, args: HttpbinIngressArgs, backend: Backend | None) -> None:
    hosts, mesh_hosts = _hosts(args), args.get("mesh_hosts", ())
    gateway_name = _object_name(name, args)
    target = istio.Target(**args.get("gateway", {}))
    istio.gateway(
        f"{name}-gateway",
        gateway_name,
        [istio.http_server(hosts, target.http_port)],
        parent=component,
        namespace=_namespace(args),
        selector=target.selector,
    )
    istio.virtual_service(
        f"{name}-routes",
        gateway_name,
        istio.http_routes(
            [*hosts, *mesh_hosts],
            [gateway_name, "mesh"] if mesh_hosts else [gateway_name],
            _routes(args),
            backend,
        ),
        parent=component,
        namespace=_namespace(args),
    )


def _ingress(component: pulumi.Resource, name: str, args: HttpbinIngressArgs, backend: Backend | None) -> None:
    kubernetes_ingress.declare(
        name,
        _object_name(name, args),
        kubernetes_ingress.spec(_hosts(args), _routes(args), backend, args.get("tls_secret")),
        entry=_entry(args),
        ingress_class=args.get("ingress_class"),
        parent=component,
        namespace=_namespace(args),
    )


_ENTRIES = {Entry.GATEWAY: _gateway, Entry.INGRESS_CLASS: _ingress, Entry.INGRESS_ANNOTATION: _ingress}


def _entry(args: HttpbinIngressArgs) -> Entry:
    return Entry(args.get("entry", Entry.GATEWAY))


def _namespace(args: HttpbinIngressArgs) -> pulumi.Input[str]:
    return args.get("namespace", "default")


def _hosts(args: HttpbinIngressArgs) -> Sequence[pulumi.Input[str]]:
    return args.get("hosts", ["httpbin.example.com"])


def _routes(args: HttpbinIngressArgs) -> Sequence[Route]:
    return args.get("routes", routing.DEFAULT_ROUTES)


def _object_name(name: str, args: HttpbinIngressArgs) -> str:
    return args.get("gateway_name", fit(name, "http"))


def _check(name: str, args: HttpbinIngressArgs) -> None:
    arguments.check(_NAME, name, args, HttpbinIngressArgs)
    arguments.refuse_first(_NAME, name, _complaints(args))


# Fields that mean something only with some ways in, and why they must be left out with the others.
_ONLY_WITH = {
    "gateway": (Entry.GATEWAY, "left out: which pods serve an Ingress is in Istio's mesh configuration"),
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
    yield from routing.complaints(args)
    if "tls_secret" in args:
        yield Complaint("tls_secret", args["tls_secret"], "left out: TLS through a Gateway is TlsGateway's")
    if "mesh_hosts" in args and "*" in _hosts(args):
        yield Complaint("hosts", "*", "a name where mesh_hosts are given, because Istio refuses '*' inside the mesh")


def _ingress_complaints(args: HttpbinIngressArgs) -> Iterator[Complaint]:
    yield from routing.complaints(args, routing.INGRESS_PATHS)
    named = {f"routes[{index}].service": route.get("service") for index, route in enumerate(_routes(args))}
    named["backend.service"] = args.get("backend", {}).get("service")
    for field, service in named.items():
        if isinstance(service, str) and "." in service:
            yield Complaint(field, service, "a Service's bare name: an Ingress reaches only its own namespace")
