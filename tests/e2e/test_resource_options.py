"""What a component's resource options do over its life, on the real engine."""

import json
import uuid

import pytest

from tests.e2e.ageing import age
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.stacks import Stack

PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, PassthroughNginx, TlsGateway

config = pulumi.Config()
namespace = config.require("namespace")
opts = pulumi.ResourceOptions(**{config.require("option"): True})
ca = CertificateAuthority("ca", {
    "generation": config.get_int("generation") or 1,
    "rollover": config.get("rollover") or "trust",
}, opts)
web = TlsGateway("web", {
    "namespace": namespace,
    "authority": ca.issuer,
    "leaf_generation": config.get_int("leaf_generation") or 1,
    "hosts": [{
        "host": f"web.{namespace}.example.com",
        "name": "site",
        "credential_name": f"{namespace}-site",
        "workload": {"name": "web", "image": "lab.local/go-httpbin:1"},
    }],
}, opts)
PassthroughNginx("nginx", {
    "namespace": namespace,
    "authority": ca.issuer,
    "leaf_generation": config.get_int("leaf_generation") or 1,
    "hosts": [f"nginx.{namespace}.example.com"] + (config.get_object("more_hosts") or []),
    "image": "lab.local/nginx:1",
}, opts)
pulumi.export("ca", web.ca_certificate)
"""


class Life:
    """A stack whose components have one option, from its creation to its end."""

    def __init__(self, stack, requests, namespace):
        self.stack, self.requests, self.namespace = stack, requests, namespace

    def up(self, **config):
        for key, value in config.items():
            self.stack.pulumi("config", "set", key, value if isinstance(value, str) else json.dumps(value))
        self.stack.preview()
        self.ca = self.stack.up()["ca"]
        self.is_served()
        assert self.stack.planned() == {}

    def answers(self, host, path):
        return self.requests.https(f"{host}.{self.namespace}.example.com", path, ca=self.ca)

    def is_served(self):
        eventually(lambda: self.answers("web", "/status/202"), lambda answer: answer.status == 202)
        eventually(lambda: self.answers("nginx", "/"), lambda answer: answer.status == 200, seconds=30)

    def due(self):
        """All that is issued is due, the authority too."""
        age(self.stack, 340, "web-site-ecdsa-p256-certificate", "nginx-certificate")
        age(self.stack, 3650 - 364, "ca-g1-certificate")


@pytest.fixture
def life(tmp_path, requests, namespace):
    """Makes a stack with an option."""
    made = []

    def make(option):
        stack = Stack.create(tmp_path / option, PROGRAM, project=f"options-{uuid.uuid4().hex[:6]}")
        made.append(stack)
        lived = Life(stack, requests, namespace)
        lived.up(namespace=namespace, option=option)
        return lived

    yield make
    for stack in made:
        stack.pulumi("state", "unprotect", "--all", "--yes")
        stack.destroy()


def test_what_is_protected_is_rotated_and_renewed_and_stays_until_its_protection_goes(life):
    protected = life("protect")
    protected.up(leaf_generation=2)
    protected.up(more_hosts=["more.example.com"])
    protected.due()
    assert "replace" in protected.stack.planned()
    protected.up()
    for command in (("destroy", "--yes"), ("destroy", "--yes", "--skip-preview")):
        assert "cannot be deleted" in protected.stack.fails(*command)
        protected.is_served()
    lost = protected.stack.planned()  # the notes of when certificates end, which nobody is served from
    assert set(lost) <= {"create"}
    assert all(name.endswith("-ends") for name in lost.get("create", ()))
    protected.up()


def test_a_protected_authority_says_at_preview_that_its_old_key_cannot_go(life):
    protected = life("protect")
    protected.up(generation=2, rollover="trust")
    protected.up(rollover="issue")
    protected.stack.pulumi("config", "set", "rollover", "finished")
    assert "ca-g1-key" in protected.stack.fails("preview")
    protected.is_served()
    protected.stack.pulumi("state", "unprotect", "--yes", urn(protected.stack, "ca-g1-key"))
    protected.up()


def test_what_is_retained_goes_on_answering_when_the_stack_is_gone(life):
    retained = life("retain_on_delete")
    retained.up(leaf_generation=2)
    retained.due()
    retained.up()
    retained.stack.destroy()
    retained.is_served()
    for kind in ("gateways.networking.istio.io", "virtualservices.networking.istio.io"):
        kubectl("delete", kind, "--all", "-n", retained.namespace)
    named = kubectl("get", "secrets", "-n", "istio-system", "-o", "name").split()
    kubectl("delete", "-n", "istio-system", *(name for name in named if retained.namespace in name))


def urn(stack, name):
    resources = json.loads(stack.pulumi("stack", "export"))["deployment"]["resources"]
    return next(one["urn"] for one in resources if one["urn"].endswith(f"::{name}"))
