"""nginx: its configuration, its files and the pods that read them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1 import ConfigMap

from ..names import object_name
from . import workloads
from .objects import metadata, name_by_contents, options
from .workloads import TMP, Server, Volume

IMAGE = "docker.io/nginxinc/nginx-unprivileged:1.28"
CONTAINER_PORT = 8443
SERVICE_PORT = 443

# What gateways offer with TLS 1.2 (RFC 9325, section 4.2): forward secrecy and authenticated encryption.
_CIPHERS = ":".join(
    f"ECDHE-{key}-{cipher}"
    for cipher in ("AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305")
    for key in ("ECDSA", "RSA")
)
# All that nginx writes goes to /tmp and the standard streams: its root file system is read-only.
_CONF = """\
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log /dev/stdout;
  server_tokens off;
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen PORT ssl;
    server_name NAMES;
    ssl_certificate /etc/nginx-server-certs/tls.crt;
    ssl_certificate_key /etc/nginx-server-certs/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers CIPHERS;
    location / {
      default_type text/plain;
      return 200 "Welcome to nginx!\\n";
    }
  }
}
""".replace("CIPHERS", _CIPHERS)


@dataclass(frozen=True)
class Files:
    """What nginx reads."""

    conf: pulumi.Input[str]
    secret: pulumi.Input[str]
    """The Secret with `tls.key` and `tls.crt`."""
    certificate: pulumi.Input[str] = ""
    """What is in it, where that is known: nginx restarts when it changes."""


def conf(hosts: Sequence[pulumi.Input[str]], port: int) -> pulumi.Output[str]:
    """The nginx.conf that serves these hosts over TLS and answers every path."""
    return pulumi.Output.all(*hosts).apply(
        lambda names: _CONF.replace("PORT", str(port)).replace("NAMES", " ".join(names))
    )


def deploy(
    name: str,
    service: str,
    files: Files,
    *,
    parent: pulumi.Resource,
    namespace: pulumi.Input[str],
    image: pulumi.Input[str],
    container_port: int,
    replicas: pulumi.Input[int],
) -> str:
    """Declare nginx, and give its Service's name."""
    config_map = ConfigMap(
        f"{name}-conf",
        metadata=metadata(namespace, name_by_contents(object_name(f"{name}-conf"), {"nginx.conf": files.conf})),
        data={"nginx.conf": files.conf},
        opts=options(parent, protect=False),
    )
    server = Server(
        image=image,
        container_port=container_port,
        service_port=SERVICE_PORT,
        port_name="https",
        command=("nginx", "-e", "stderr", "-g", "daemon off;"),
        volumes=(
            TMP,
            Volume("nginx-config", "/etc/nginx", config_map=config_map.metadata.name),
            Volume("nginx-server-certs", "/etc/nginx-server-certs", secret=files.secret),
        ),
        drain_seconds=3,
        # nginx reads its files once. New ones have new names, which restarts it; this also does where the provider is
        # told to change them in place.
        annotations={"istio-ingress/files": pulumi.Output.all(files.conf, files.certificate).apply(_digest)},
    )
    workloads.deploy(name, service, server, parent=parent, namespace=namespace, replicas=replicas)
    return service


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
