"""A healthy ingress, recorded on a cluster, with certificates made for the test; tests break it."""

import base64
import copy
import json
from datetime import UTC, datetime
from pathlib import Path

from istio_ingress import rules
from istio_ingress.doctor import checks
from istio_ingress.doctor.asking import Asker
from istio_ingress.doctor.expected import Expectations
from istio_ingress.doctor.facts import Answers, Facts
from istio_ingress.doctor.probes import Probes
from istio_ingress.expected import ANNOTATION, expected_of
from istio_ingress.live import declared, envoy
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.certificates import Chain
from istio_ingress.live.client import Answer
from istio_ingress.live.cluster import SECRET, Cluster
from istio_ingress.live.gather import attempt
from istio_ingress.requests import checks as request_checks
from istio_ingress.requests.sending import Result
from tests.unit.certificates import Authority

RECORDED = Path(__file__).parent / "recorded"
GATEWAYS_NAMESPACE = "istio-system"
POD = "istio-ingressgateway-c7c78c74-4z274"
HOSTS = {
    "http": ["httpbin.example.com"],
    "tls": ["httpbin.example.com", "helloworld.example.com"],
    "mutual": ["mutual.example.com"],
    "passthrough": ["nginx.example.com"],
}
CREDENTIALS = {f"{host.partition('.')[0]}-credential": host for host in HOSTS["tls"] + HOSTS["mutual"]}
ADDRESS = IngressAddress("10.77.0.2", {"http": 31952, "https": 31989}, "recorded", {80: 31952, 443: 31989})


TEAPOT = {"request": "GET /status/418", "status": 418, "service": "httpbin", "protocol": "HTTP/2"}
EXPECTED = {
    "httpbin-http": [
        {"request": "GET /status/200", "status": 200, "protocol": "HTTP/1.1"},
        {"request": "GET /headers", "status": 404, "protocol": "HTTP/1.1"},
    ],
    "web-tls-httpbin": [TEAPOT, {"request": "GET /status/418", "trusts_server": False, "refused": "handshake"}],
    "web-tls-helloworld": [
        {"request": "GET /hello", "status": 200, "protocol": "HTTP/2", "body": "Hello version"},
        {"request": "GET /hello", "trusts_server": False, "refused": "handshake"},
    ],
    "mutual-mtls": [
        {**TEAPOT, "client_certificate": "client", "trusted_client": True},
        {"request": "GET /status/418", "refused": "handshake"},
    ],
    "nginx-passthrough": [
        {"status": 200, "protocol": "HTTP/1.1"},
        {"trusts_server": False, "refused": "handshake"},
    ],
}
"""What the VirtualServices say of themselves, as the walk-through's do."""
HANDED_ON = Answer(404, "HTTP/1.1", "no page", {"server": "istio-envoy", "x-envoy-upstream-service-time": "1"})


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Patient:
    """Objects that can be changed, and the facts that the doctor would gather of them."""

    def __init__(self):
        self.objects = json.loads((RECORDED / "cluster.json").read_text())
        self.authority = Authority("the CA", days=3650)
        self.client = self.authority.issue("client.example.com", days=300)
        self.objects[SECRET] = []
        for name, expected in EXPECTED.items():
            metadata = self.find("VirtualService", name)["metadata"]
            metadata.setdefault("annotations", {})[ANNOTATION] = json.dumps(expected)
        for name, host in CREDENTIALS.items():
            pair = self.authority.issue(host, days=300)
            self.secret(name, {"tls.crt": pair.certificate, "tls.key": pair.key})
        self.find(SECRET, "mutual-credential")["data"]["ca.crt"] = encoded(self.authority.certificate)
        self.given = {name: copy.deepcopy(self.find(SECRET, name)["data"]) for name in CREDENTIALS}
        """What Envoy was given."""
        self.state = []
        """The resources of the stack's state."""
        self.declare("VirtualService")
        self.answers = {}
        """What harmless requests are answered with, by URL."""
        self.shown = {
            (host, 443): Chain.read(self.authority.issue(host, days=300).certificate)
            for host in HOSTS["tls"] + HOSTS["mutual"] + HOSTS["passthrough"]
        }
        for name, host in CREDENTIALS.items():
            self.shown[host, 443] = self.chain(name)

    def secret(self, name, contents, namespace=GATEWAYS_NAMESPACE):
        """Add a Secret, or put other contents into one."""
        self.remove(SECRET, name)
        data = {key: encoded(text) for key, text in contents.items()}
        metadata = {"name": name, "namespace": namespace}
        self.objects[SECRET].append({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})

    def chain(self, name):
        return Chain.read(base64.b64decode(self.find(SECRET, name)["data"]["tls.crt"]))

    def declare(self, kind):
        """Put the cluster's objects of a kind into the stack's state, as the stack would have written them."""
        for one in copy.deepcopy(self.objects[kind]):
            name = f"{one['metadata']['namespace']}/{one['metadata']['name']}"
            inputs = {"apiVersion": one["apiVersion"], "kind": kind, "spec": one["spec"]}
            self.state.append({"type": f"kubernetes:x/v1:{kind}", "id": name, "custom": True, "inputs": inputs})

    def find(self, kind, name):
        """An object, to be changed."""
        return next(one for one in self.objects[kind] if one["metadata"]["name"].startswith(name))

    def add(self, manifest):
        self.objects[manifest["kind"]].append(manifest)

    def remove(self, kind, name):
        self.objects[kind] = [one for one in self.objects[kind] if not one["metadata"]["name"].startswith(name)]

    def cluster(self, denied=()):
        """The cluster as it was asked; of `denied` kinds nothing is known but an error."""
        objects = {**self.objects, **denied} if denied else self.objects
        return Cluster("Kubernetes v1.36.3 at https://10.77.0.2:6443", objects)

    def outputs(self):
        return {
            "hosts": HOSTS,
            "gateway": {"namespace": GATEWAYS_NAMESPACE, "service": "istio-ingressgateway"},
            "ca_certificate": self.authority.certificate,
            "client_certificate": self.client.certificate,
            "client_key": self.client.key,
        }

    def dump(self):
        """What Envoy says of itself."""
        dump = json.loads((RECORDED / "envoy.json").read_text())
        for config in dump["configs"]:
            for entry in config.get("dynamic_active_secrets", []):
                name = entry["name"].removeprefix("kubernetes://")
                data = self.given.get(name.removesuffix("-cacert"), {})
                kept = entry["secret"].get("tls_certificate", {}).get("certificate_chain")
                if kept is not None:
                    kept["inline_bytes"] = data.get("tls.crt", "")
                else:
                    entry["secret"]["validation_context"]["trusted_ca"]["inline_bytes"] = data.get("ca.crt", "")
        return json.dumps(dump)

    def results(self):
        """The right answer to every request."""
        world = Expectations(Facts(datetime.now(UTC), self.cluster(), self.outputs()), [], complete=True).world
        asked, _ = request_checks.checks(expected_of(world), world, lambda _: ADDRESS, self.outputs())
        return [Result(check, _right(check), "curl …") for check in asked]

    def answer(self, target):
        """What the gateway answers to a harmless request: the backend's 404, unless a test has put something else."""
        return self.answers.get(target.url, HANDED_ON)

    def facts(self, *, denied=(), **changes):
        """All of it."""
        cluster = self.cluster(denied)
        made = {
            "settings": rules.Settings(complete=cluster.has_everything()),
            "envoys": {POD: envoy.read(self.dump())},
            "shown": self.shown,
            "declared": declared.read(self.state),
            "results": self.results(),
            **changes,
        }
        facts = Facts(datetime.now(UTC), cluster, self.outputs(), **made)
        if "answers" not in changes:
            facts.answers = attempt(self._answers, facts)
        return facts

    def _answers(self, facts):
        expectations = Expectations(facts, [], complete=True)
        asker = Asker(facts, expectations, lambda target, **_: self.answer(target))
        return Answers(asker.ask(Probes(facts).all()))

    def said(self, check, **changes):
        """The lines of one check."""
        return [line for line in checks.run(self.facts(**changes)) if line.check == check]

    def complaints(self, check, **changes):
        """Its lines that are not ok: status, subject and what was seen."""
        lines = self.said(check, **changes)
        return [(line.status.value, line.subject, line.seen) for line in lines if line.status.value != "ok"]


def _right(check):
    if check.expected == "refused":
        return Answer(refused="certificate required")
    status, protocol = check.expected.split()
    return Answer(int(status), protocol, check.about.body)
