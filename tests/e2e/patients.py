"""A stack with a gateway of its own for the doctor to look at, and the doctor as a person runs it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.conftest import eventually, kubectl
from tests.e2e.stacks import Stack
from tests.unit.certificates import Authority

REPAIR_SECONDS = 60.0
PROGRAM = """
import pulumi
from istio_ingress import HttpbinIngress, MutualTlsGateway, PassthroughNginx, TlsGateway

config = pulumi.Config()
namespace, edge = config.require("namespace"), config.require("gateway_namespace")
gateway = {
    "namespace": edge,
    "selector": {"istio": "edge", "site": namespace},
    "http_port": 8080,
    "https_port": 8443,
}
common = {"namespace": namespace, "gateway": gateway}
http = HttpbinIngress("http", {
    **common, "hosts": [f"http.{namespace}.example.com"], "workload": {"image": "lab.local/go-httpbin:1"},
})
backend = {"service": http.service, "port": http.service_port}
teapot = {"request": "GET /status/418", "status": 418, "protocol": "HTTP/2"}
TlsGateway("tls", {
    **common,
    "hosts": [{
        "host": f"tls.{namespace}.example.com", "backend": backend, "existing_credential": "tls-credential",
        "expect": [teapot],
    }],
})
mutual = MutualTlsGateway("mutual", {
    **common,
    "hosts": [{
        "host": f"mutual.{namespace}.example.com", "backend": backend, "credential_name": "mutual-credential",
        "expect": [
            {**teapot, "client_certificate": "client"}, {"request": "GET /status/418", "refused": "handshake"},
        ],
    }],
    "clients": [{"name": "client"}],
})
pulumi.export("hosts", {
    "http": [f"http.{namespace}.example.com"],
    "tls": [f"tls.{namespace}.example.com"],
    "mutual": [f"mutual.{namespace}.example.com"],
})
pulumi.export("gateway", {**gateway, "service": "edge"})
pulumi.export("ca_certificate", config.require("ca_certificate"))
pulumi.export("mutual_ca_certificate", mutual.ca_certificate)
pulumi.export("client_certificate", mutual.client_certificates["client"])
pulumi.export("client_key", mutual.client_keys["client"])
"""


@dataclass(frozen=True)
class Said:
    """What the doctor said."""

    code: int
    lines: list

    def not_ok(self, check=None):
        return [line for line in self.lines if line["status"] != "ok" and check in (None, line["check"])]

    def finds(self, check, status, *words):
        """Whether one line of this check has this status and holds every one of these words."""
        texts = [
            f"{line['subject']} {line['seen']}"
            for line in self.lines
            if (line["check"], line["status"]) == (check, status)
        ]
        return any(all(word in text for word in words) for text in texts)


@dataclass(frozen=True)
class Patient:
    """The stack, its gateway, and the doctor that looks at them."""

    stack: Stack
    namespace: str
    edge: str
    authority: Authority
    cache: Path

    @property
    def host(self):
        return f"{self.namespace}.example.com"

    @property
    def teapot(self):
        """What the stack expects of its TLS host, as a line of the doctor names it."""
        return f"https://tls.{self.host}:8443/status/418"

    def run(self, *words, **environment):
        """Run `istio-ingress` as a person would; whatever it prints holds no key."""
        done = subprocess.run(
            [sys.executable, "-m", "istio_ingress", *words],
            cwd=self.stack.directory,
            env={**self.stack.environment, "XDG_CACHE_HOME": str(self.cache), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert not any(key in done.stdout + done.stderr for key in self._keys())
        return done

    def asked(self, *arguments, **environment):
        """The doctor's answer about this stack's namespaces and istiod's: other tests may run at the same time."""
        scope = [f"--namespace={name}" for name in (self.namespace, "istio-system")]
        done = self.run("doctor", "--json", *scope, *arguments, **environment)
        report = json.loads(done.stdout)
        assert report["exit_code"] == done.returncode
        return Said(done.returncode, report["lines"])

    def credential(self, pair, name="tls-credential", namespace=None):
        """Write a credential, as another hand than Pulumi's does."""
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": namespace or self.edge},
            "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key},
        }
        kubectl("apply", "--filename=-", stdin=json.dumps(manifest))

    def good_credential(self):
        self.credential(self.authority.issue(f"tls.{self.host}", days=60))

    def find(self, *expected):
        """Ask until this is found: Kubernetes takes a moment to notice."""
        return eventually(self.asked, lambda said: said.finds(*expected), seconds=REPAIR_SECONDS)

    def is_well(self):
        return eventually(self.asked, lambda said: said.code == 0, seconds=REPAIR_SECONDS)

    def _keys(self):
        listed = json.loads(kubectl("get", "secrets", "--namespace", self.edge, "--output=json"))["items"]
        encoded = [value for secret in listed for name, value in secret.get("data", {}).items() if "key" in name]
        lines = [
            line for value in encoded for line in base64.b64decode(value).decode().splitlines() if "-----" not in line
        ]
        return [*encoded, *lines, "PRIVATE KEY"]
