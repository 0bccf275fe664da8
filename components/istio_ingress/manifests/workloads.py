"""Workloads to put behind a gateway: a Deployment and its Service, fit for Pod Security "restricted"."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Service

from ..arguments.hosts import HttpHost
from ..arguments.routes import Backend, needs_backend
from ..arguments.workload import WorkloadKind
from .objects import Manifest, metadata, options


@dataclass(frozen=True)
class Server:
    """What a container runs and how it is reached."""

    image: pulumi.Input[str]
    container_port: int
    service_port: int
    port_name: str = "http"
    probe_path: str | None = None
    """Asked over HTTP by the probes; without one they only connect."""
    version: str = "v1"
    user: int = 65532
    env: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    volumes: tuple["Volume", ...] = ()
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Of the pods: a change restarts them."""
    drain_seconds: int = 0
    """How long a pod that is to go still answers, until nobody is sent to it any more (Kubernetes 1.30 and later)."""


@dataclass(frozen=True)
class Volume:
    """A volume and where it is mounted; empty, in memory of the pod, unless a source is given."""

    name: str
    path: str
    secret: pulumi.Input[str] | None = None
    config_map: pulumi.Input[str] | None = None


TMP = Volume("tmp", "/tmp")  # noqa: S108 - the container's own; its root file system is read-only
SERVERS = {
    WorkloadKind.HTTPBIN: Server(
        image="docker.io/mccutchen/go-httpbin:v2.15.0",
        container_port=8080,
        service_port=8000,
        probe_path="/status/200",
    ),
    WorkloadKind.HELLOWORLD: Server(
        image="registry.istio.io/release/examples-helloworld-v1:1.0",
        container_port=5000,
        service_port=5000,
        probe_path="/hello",
        env={"SERVICE_VERSION": "v1"},
        volumes=(TMP,),
    ),
}


def backend(
    host: HttpHost, name: str, service: str, *, parent: pulumi.Resource, namespace: pulumi.Input[str]
) -> Backend | None:
    """Who answers behind the host's routes that name no Service; None where every route names one.

    Args:
        host: it names a Service, or which of Istio's sample servers is deployed.
        name: the Pulumi name of what is deployed.
        service: the name of its Deployment and Service, unless the arguments name it otherwise.
        parent: the component.
        namespace: where it is deployed.
    """
    if host.backend or not needs_backend(host.routes):
        return host.backend
    args = host.workload
    server = SERVERS[WorkloadKind(args.get("kind", WorkloadKind.HTTPBIN))]
    if "image" in args:
        server = replace(server, image=args["image"])
    replicas = args.get("replicas", 1)
    return deploy(name, args.get("name", service), server, parent=parent, namespace=namespace, replicas=replicas)


def deploy(
    name: str,
    service: str,
    server: Server,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    replicas: pulumi.Input[int] = 1,
) -> Backend:
    """Declare the Deployment and the Service, and give what routes need. The update waits for the pods only."""
    opts = options(parent)
    labels = {"app": service}
    pod_labels = labels | {"version": server.version}
    Deployment(
        name,
        metadata=metadata(namespace, service, pod_labels),
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": pod_labels, "annotations": dict(server.annotations)},
                "spec": _pod(service, server),
            },
        },
        opts=opts,
    )
    Service(
        name,
        metadata=metadata(namespace, service, labels, skip_await=True),
        spec={
            "selector": labels,
            "ports": [{"name": server.port_name, "port": server.service_port, "targetPort": server.container_port}],
        },
        opts=opts,
    )
    return {"service": service, "port": server.service_port}


def _pod(name: str, server: Server) -> Manifest:
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": server.user,
            "runAsGroup": server.user,
            "fsGroup": server.user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(name, server)],
        "volumes": [_volume(volume) for volume in server.volumes],
    }


def _container(name: str, server: Server) -> Manifest:
    container: Manifest = {
        "name": name,
        "image": server.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": server.port_name, "containerPort": server.container_port}],
        "env": [{"name": key, "value": value} for key, value in server.env.items()],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "resources": {
            "requests": {"cpu": "10m", "memory": "32Mi"},
            "limits": {"cpu": "500m", "memory": "128Mi"},
        },
        "readinessProbe": _probe(server, period_seconds=1),
        "livenessProbe": _probe(server, period_seconds=10),
        "volumeMounts": [_mount(volume) for volume in server.volumes],
    }
    if server.drain_seconds:
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": server.drain_seconds}}}
    if server.command:
        container["command"] = list(server.command)
    return container


def _probe(server: Server, period_seconds: int) -> Manifest:
    probe: Manifest = {"periodSeconds": period_seconds, "timeoutSeconds": 2}
    if server.probe_path is None:
        probe["tcpSocket"] = {"port": server.container_port}
    else:
        probe["httpGet"] = {"path": server.probe_path, "port": server.container_port}
    return probe


def _mount(volume: Volume) -> Manifest:
    mount: Manifest = {"name": volume.name, "mountPath": volume.path}
    if volume.secret is not None or volume.config_map is not None:
        mount["readOnly"] = True
    return mount


def _volume(volume: Volume) -> Manifest:
    if volume.secret is not None:
        return {"name": volume.name, "secret": {"secretName": volume.secret, "defaultMode": 0o440}}
    if volume.config_map is not None:
        return {"name": volume.name, "configMap": {"name": volume.config_map}}
    return {"name": volume.name, "emptyDir": {}}
