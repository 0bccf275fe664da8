"""The Services, pods and credentials that generated routes lead to, and a gateway of their own."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from istio_ingress.live import address
from istio_ingress.live.address import IngressAddress
from tests.e2e.conftest import kubectl
from tests.unit.certificates import Authority, Pair

HERE = Path(__file__).parent
#: The port of nginx on which a request arrives, and the Service and port that lead there; by the second namespace too.
BEHIND = {
    9001: ("one", 80), 9002: ("two", 80), 9003: ("two", 8080), 9004: ("three", 8000), 9005: ("headless", 9005),
    9443: ("secure", 443),
}  # fmt: skip
READ = (
    "gateways.networking.istio.io",
    "virtualservices",
    "destinationrules",
    "serviceentries",
    "services",
    "pods",
    "secrets",
    "authorizationpolicies.security.istio.io",
)


@dataclass(frozen=True)
class Backdrop:
    """What stands there."""

    namespace: str
    ingress: IngressAddress
    clients: dict[str, Pair] = field(repr=False)
    """Certificates that a client may show: `ours` and `foreign`."""

    @property
    def namespaces(self) -> tuple[str, str, str]:
        """Of the routes, of other routes, and of the gateway."""
        return self.namespace, f"{self.namespace}-b", f"{self.namespace}-gw"

    @classmethod
    def create(cls, namespace: str) -> Backdrop:
        """Put it there, and wait until all of it runs."""
        others = [f"{namespace}-b", f"{namespace}-gw"]
        for other in others:
            kubectl("create", "namespace", other)
        ours, foreign = Authority("walks"), Authority("strangers")
        served = ours.issue("walks.test")
        objects = [_config_map(namespace), _config_map(others[0])]
        pair = {"tls.crt": served.certificate, "tls.key": served.key}
        objects += [_secret(name, "backend", pair) for name in (namespace, others[0])]
        objects += [_secret(others[1], name, pair) for name in ("served", "again")]
        objects += [_secret(others[1], "mutual", {**pair, "ca.crt": ours.certificate})]
        objects += [_secret(others[1], "apart", pair), _secret(others[1], "apart-cacert", {"ca.crt": ours.certificate})]
        objects += [_secret(others[1], "files", {**pair, "ca.crt": ours.certificate})]
        text = (HERE / "backdrop.yaml").read_text()
        spec = yaml.safe_load(text.split("---\n")[0])["spec"]["template"]["spec"]
        text = text.replace("CONTAINERS", json.dumps(spec)).replace("SPACE", namespace)
        kubectl("apply", "-f", "-", stdin="\n---\n".join(json.dumps(one) for one in objects))
        kubectl("apply", "-f", "-", stdin=text)
        for where in (namespace, *others):
            kubectl("rollout", "status", "deployment", "--timeout=50s", "--namespace", where)
        clients = {"ours": ours.issue("client.test"), "foreign": foreign.issue("client.test")}
        return cls(namespace, address.find(others[1], "walked"), clients)

    def remove(self) -> None:
        """Take away what `create` made, but the first namespace."""
        kubectl("delete", "namespace", *self.namespaces[1:], "--wait=false")

    def clear(self) -> None:
        """Take away every Gateway and VirtualService."""
        for where in self.namespaces[:2]:
            for kind in ("gateways", "virtualservices"):
                kubectl("delete", "--raw", f"/apis/networking.istio.io/v1/namespaces/{where}/{kind}")
        self.clear_policies()

    def clear_policies(self) -> None:
        """Take away every AuthorizationPolicy."""
        policies = f"/apis/security.istio.io/v1/namespaces/{self.namespaces[2]}/authorizationpolicies"
        kubectl("delete", "--raw", policies)

    def manifests(self) -> list[dict]:
        """Everything there, as the cluster has it."""
        found = []
        for where in self.namespaces:
            found += json.loads(kubectl("get", ",".join(READ), "--namespace", where, "--output=json"))["items"]
        return found

    def named(self, port: int) -> tuple[str, int]:
        """The Service and port that a request came by."""
        if port == 9006:
            return f"{self.namespace}-b/one", 80
        if port == 9007:
            return f"entry.{self.namespace}.test", 8888
        service, number = BEHIND[port]
        return f"{self.namespace}/{service}", number


def _config_map(namespace: str) -> dict:
    conf = (HERE / "nginx.conf").read_text()
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "echo", "namespace": namespace},
        "data": {"nginx.conf": conf},
    }


def _secret(namespace: str, name: str, values: dict[str, str]) -> dict:
    data = {key: b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}
