"""A gateway that is not Istio's default one, for tests that need it for themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.conftest import kubectl

_MANIFEST = Path(__file__).with_name("edge-gateway.yaml")


@contextmanager
def edge_gateway(site: str, tcp_ports: Sequence[int] = ()) -> Iterator[str]:
    """Service `edge`, Deployment and permissions of a gateway in a namespace of their own, whose name is given.

    Args:
        site: The value of the label `site` that its pods carry; the namespace is called after it.
        tcp_ports: Ports that the Service has besides 8080 and 8443.
    """
    namespace = f"{site}-edge"
    kubectl("create", "namespace", namespace)
    try:
        kubectl("apply", "--namespace", namespace, "--filename=-", stdin=_MANIFEST.read_text().replace("SITE", site))
        ports = [{"name": f"tcp-{port}", "port": port} for port in tcp_ports]
        more = [{"op": "add", "path": "/spec/ports/-", "value": port} for port in ports]
        if more:
            kubectl("patch", "service/edge", "--namespace", namespace, "--type=json", f"--patch={json.dumps(more)}")
        yield namespace
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")
