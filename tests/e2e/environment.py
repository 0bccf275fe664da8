"""The repository's own stack as an environment of its own, and its clients, for tests of what happens over time."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from istio_ingress.live.address import IngressAddress
from istio_ingress.live.client import Answer, Identity, Target, send
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.load import Load
from tests.e2e.stacks import Stack

GATEWAY_PODS = "istio-system"


@dataclass(frozen=True)
class Client:
    """What a client holds: the authorities that it trusts, and its own certificate."""

    ca: str
    identity: Identity = field(repr=False)


@dataclass(frozen=True)
class Environment:
    """The stack `dev` with a domain and names of its own."""

    stack: Stack
    ingress: IngressAddress
    name: str
    namespace: str

    @classmethod
    def create(cls, stack: Stack, ingress: IngressAddress, name: str, namespace: str) -> Environment:
        """Configure and deploy it."""
        for key, value in {"domain": f"{name}.example.com", "namespace": namespace, "prefix": f"{name}-"}.items():
            stack.pulumi("config", "set", key, value)
        stack.up()
        environment = cls(stack, ingress, name, namespace)
        for host in ("httpbin", "mutual", "nginx"):
            eventually(lambda: environment.ask(host, environment.client()), lambda answer: bool(answer.status))  # noqa: B023
        return environment

    def client(self) -> Client:
        """A client that has just been told everything."""
        outputs = self.stack.outputs()
        return Client(outputs["ca_certificate"], Identity(outputs["client_certificate"], outputs["client_key"]))

    def ask(self, host: str, client: Client) -> Answer:
        """One request on a new connection; only `mutual` asks for the client's certificate."""
        path = "/" if host == "nginx" else "/status/200"
        url = f"https://{host}.{self.name}.example.com:{self.ingress.ports['https']}{path}"
        return send(Target(url, self.ingress.host), ca=client.ca, identity=client.identity, http2=False)

    def load(self, host: str, client: Client, per_second: float = 25.0) -> Load:
        """This client's requests to a host, steadily, each on a new connection."""
        return Load(lambda: self.ask(host, client), per_second)

    def certificates(self) -> set[str]:
        """Resource names of the issued certificates, without the environment's own beginning."""
        resources = json.loads(self.stack.pulumi("stack", "export"))["deployment"]["resources"]
        names = [one["urn"].rsplit("::", 1)[1] for one in resources if one["type"].endswith(":LocallySignedCert")]
        return {name.removeprefix(f"{self.name}-") for name in names}

    def credentials(self) -> set[str]:
        """Names of the environment's Secrets for the gateway and for nginx."""
        found = set()
        for namespace in (GATEWAY_PODS, self.namespace):
            names = kubectl("get", "secrets", "--namespace", namespace, "--output=name").split()
            found |= {name.removeprefix("secret/") for name in names if name.startswith(f"secret/{self.name}-")}
        return found

    def in_use(self) -> set[str]:
        """Names of the Secrets that the environment's state knows."""
        resources = json.loads(self.stack.pulumi("stack", "export"))["deployment"]["resources"]
        return {one["id"].split("/")[1] for one in resources if one["type"] == "kubernetes:core/v1:Secret"}

    def in_envoy(self) -> dict[str, bytes]:
        """The environment's certificates (DER) in the gateway's Envoy by Secret name, as `istioctl` shows them."""
        command = [
            "istioctl",
            "proxy-config",
            "secret",
            "deploy/istio-ingressgateway",
            "-n",
            GATEWAY_PODS,
            "-o",
            "json",
        ]
        shown = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=30).stdout)
        found: dict[str, bytes] = {}
        for entry in shown["dynamicActiveSecrets"]:
            chain = entry["secret"].get("tlsCertificate", {}).get("certificateChain", {}).get("inlineBytes")
            name = entry["name"].removeprefix("kubernetes://")
            if chain and name.startswith(f"{self.name}-"):
                found[name] = x509.load_pem_x509_certificate(b64decode(chain)).public_bytes(Encoding.DER)
        return found
