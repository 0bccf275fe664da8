"""An object belongs to the stack that created it: no other stack changes it, and every update of its own finds it."""

import json
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from istio_ingress.field_managers import field_manager
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.stacks import Stack

PROGRAM = """
import pulumi
from istio_ingress import Entry, HttpbinIngress, TlsGateway, TlsVersion
from istio_ingress import restricted_namespace

config = pulumi.Config()
name = config.require("name")
namespace = restricted_namespace(name)
site = {
    "host": f"{config.require('colour')}.{name}.example.com",
    "name": "site",
    "credential_name": f"{name}-site",
    "routes": [{"prefix": path} for path in config.require_object("paths")],
    "workload": {"name": "site", "image": "lab.local/go-httpbin:1"},
}
web = TlsGateway("web", {
    "namespace": namespace,
    "hosts": [site],
    "leaf_generation": config.get_int("leaf_generation") or 1,
    **({"min_tls": TlsVersion.TLS_1_3} if config.get_bool("strict") else {}),
})
HttpbinIngress("door", {
    "namespace": namespace,
    "entry": Entry.INGRESS_CLASS,
    "hosts": [f"door.{name}.example.com"],
    "backend": {"service": "site", "port": 8000},
})
pulumi.export("ca", web.ca_certificate)
"""
OF_EVERY_STACK = "pulumi-istio-ingress"
AS_BEFORE = f"""
from istio_ingress.manifests import objects

objects.field_manager = lambda *_: "{OF_EVERY_STACK}"
"""
KINDS = "deployments,services,ingresses,gateways.networking.istio.io,virtualservices.networking.istio.io"
SHARED = {
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:Secret",
    "kubernetes:core/v1:Service",
    "kubernetes:apps/v1:Deployment",
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:networking.istio.io/v1:Gateway",
    "kubernetes:networking.istio.io/v1:VirtualService",
}


class Twin:
    """A stack of the program, whose objects have the same names in every stack of it."""

    def __init__(self, stack, requests, name, colour):
        self.stack, self.requests, self.name, self.colour = stack, requests, name, colour
        self.configure(name=name, colour=colour, paths=["/status"], strict=True)

    def configure(self, **config):
        for key, value in config.items():
            text = value if isinstance(value, str) else json.dumps(value)
            self.stack.pulumi("config", "set", key, text)

    def answers(self, path="/status/202", **options):
        ca = self.stack.outputs()["ca"]
        return self.requests.https(f"{self.colour}.{self.name}.example.com", path, ca=ca, **options)

    def is_served(self):
        eventually(self.answers, lambda answer: answer.status == 202)

    def change_and_remove_a_field(self):
        """A route more, and no minimum of TLS any more."""
        self.configure(paths=["/status", "/headers"], strict=False)
        self.stack.up()
        eventually(lambda: self.answers("/headers"), lambda answer: answer.status == 200)
        gateway = json.loads(kubectl("get", "gateways.networking.istio.io", "web-tls", "-n", self.name, "-o=json"))
        assert "minProtocolVersion" not in gateway["spec"]["servers"][0]["tls"]
        assert self.stack.planned() == {}

    def lose(self):
        """The state is lost; the objects stay."""
        self.stack.pulumi("stack", "rm", "--force", "--yes", "--preserve-config")
        self.stack.pulumi("stack", "init", self.stack.name)

    def rename(self, name):
        self.stack.pulumi("stack", "rename", name)
        self.select(name)

    def select(self, name):
        self.stack = replace(self.stack, name=name, environment={**self.stack.environment, "PULUMI_STACK": name})

    def state(self):
        return json.loads(self.stack.pulumi("stack", "export"))

    def forget(self, *types):
        """Leave the state as an update does that is killed when it has created these and not yet written it down."""
        file = self.stack.directory / "state" / ".pulumi" / "stacks" / "twin" / f"{self.stack.name}.json"
        state = json.loads(file.read_text())
        latest = state["checkpoint"]["latest"]
        begun = [one for one in latest["resources"] if one["type"] in types]
        assert {one["type"] for one in begun} == set(types)
        gone = {one["urn"] for one in begun}
        latest["resources"] = [one for one in latest["resources"] if one["urn"] not in gone]
        for one in latest["resources"]:
            if "dependencies" in one:
                one["dependencies"] = [urn for urn in one["dependencies"] if urn not in gone]
            if "propertyDependencies" in one:
                one["propertyDependencies"] = {
                    key: [urn for urn in urns if urn not in gone] for key, urns in one["propertyDependencies"].items()
                }
        kept = ("urn", "custom", "type", "inputs", "parent", "provider")
        latest["pending_operations"] = [
            {"type": "creating", "resource": {key: one[key] for key in kept if key in one}} for one in begun
        ]
        file.write_text(json.dumps(state))

    def recover(self):
        command = [sys.executable, "-m", "istio_ingress", "recover", "--yes", "--json"]
        done = subprocess.run(
            command, cwd=self.stack.directory, env=self.stack.environment, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return {item["what"].split(",")[0]: item["status"] for item in json.loads(done.stdout)["items"]}


def objects(name):
    """Everything that the stacks have one name for: what it is called, its identity, version and writers."""
    listed = json.loads(kubectl("get", KINDS, "-n", name, "-o=json", "--show-managed-fields"))["items"]
    listed.append(json.loads(kubectl("get", "namespace", name, "-o=json", "--show-managed-fields")))
    secret = ("get", "secret", f"{name}-site", "-n", "istio-system", "-o=json", "--show-managed-fields")
    listed.append(json.loads(kubectl(*secret)))
    return {f"{one['kind']} {one['metadata']['name']}": one["metadata"] for one in listed}


def written(name):
    """What changes whenever somebody writes to one of the objects: their generation does not count status."""
    return {
        key: (metadata["uid"], metadata.get("generation"), metadata["annotations"].get("pulumi.com/patchFieldManager"))
        for key, metadata in objects(name).items()
    }


def managers(name):
    """Who has written fields of the objects with Pulumi."""
    entries = [entry for metadata in objects(name).values() for entry in metadata["managedFields"]]
    return {entry["manager"] for entry in entries if entry["manager"].startswith("pulumi")}


@pytest.fixture
def twin(tmp_path, requests):
    """Makes stacks of the program, all with the same names of objects."""
    name, made = f"two-{uuid.uuid4().hex[:8]}", []

    def make(colour, program=PROGRAM):
        stack = Stack.create(tmp_path / colour, program, colour, project="twin")
        made.append(Twin(stack, requests, name, colour))
        return made[-1]

    yield make
    for each in reversed(made):
        each.stack.destroy()


@pytest.fixture
def red(twin):
    """The stack that was there first, and answers."""
    made = twin("red")
    made.stack.up()
    made.is_served()
    return made


def test_a_second_stack_is_refused_every_object_of_the_first_which_goes_on_answering(red, twin):
    before = written(red.name)
    blue = twin("blue")
    said = blue.stack.fails("up", "--yes", "--skip-preview", "--continue-on-error")
    assert "Server-Side Apply field conflict" in said
    assert field_manager("twin", "red") in said
    assert not SHARED & {one["type"] for one in blue.state()["deployment"]["resources"]}
    assert written(red.name) == before
    red.is_served()
    blue.stack.destroy()
    assert written(red.name) == before
    red.is_served()
    assert red.stack.planned() == {}


def test_a_stack_that_an_earlier_version_made_is_carried_over_by_an_ordinary_update(twin):
    red = twin("red", AS_BEFORE + PROGRAM)
    red.stack.up()
    assert managers(red.name) == {OF_EVERY_STACK}
    red.stack.rewrite(PROGRAM)
    assert red.stack.planned() == {}
    before = written(red.name)
    red.stack.up()
    assert written(red.name) == before
    red.change_and_remove_a_field()
    assert managers(red.name) == {OF_EVERY_STACK}
    red.configure(strict=True)
    red.configure(leaf_generation=2)
    red.stack.up()
    assert red.stack.planned() == {}
    red.is_served()
    # What an update creates, such as the Secret of a new certificate, has the stack's own.
    assert managers(red.name) == {OF_EVERY_STACK, field_manager("twin", "red")}


def test_a_stack_that_is_renamed_keeps_its_objects(red):
    red.rename("crimson")
    red.stack.up()
    red.change_and_remove_a_field()
    red.is_served()
    assert managers(red.name) == {field_manager("twin", "red")}


def test_an_update_that_was_killed_finds_its_objects_again(red):
    before = {key: metadata["uid"] for key, metadata in objects(red.name).items()}
    red.forget(*SHARED)
    assert set(red.recover().values()) == {"cleared", "kept"}
    red.stack.up()
    assert {key: metadata["uid"] for key, metadata in objects(red.name).items()} == before
    red.change_and_remove_a_field()
    red.is_served()
    assert managers(red.name) == {field_manager("twin", "red")}


def test_a_stack_whose_state_is_lost_gives_its_objects_to_the_stack_that_takes_them_on_purpose(red, twin):
    before = {key: metadata["uid"] for key, metadata in objects(red.name).items()}
    red.lose()
    blue = twin("blue")
    for key, metadata in objects(red.name).items():
        kind, place = key.split()[0], ["-n", metadata["namespace"]] if "namespace" in metadata else []
        kind = f"{kind}.v1.networking.istio.io" if kind in ("Gateway", "VirtualService") else kind
        kubectl("patch", kind, metadata["name"], *place, "--type=merge", "-p", '{"metadata":{"managedFields":[{}]}}')
    blue.stack.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"] = "true"
    blue.stack.up()
    del blue.stack.environment["PULUMI_K8S_ENABLE_PATCH_FORCE"]
    blue.change_and_remove_a_field()
    assert {key: metadata["uid"] for key, metadata in objects(red.name).items()} == before
    assert managers(red.name) == {field_manager("twin", "blue")}


def test_what_moves_from_one_stack_to_another_is_not_touched(red):
    before = written(red.name)
    red.stack.pulumi("stack", "init", "blue", "--copy-config-from", "red")
    moved = [one["urn"] for one in red.state()["deployment"]["resources"] if one.get("parent", "").endswith("twin-red")]
    red.stack.pulumi("state", "move", "--yes", "--source", "red", "--dest", "blue", *moved)
    red.select("blue")
    assert red.stack.planned() == {}
    assert written(red.name) == before
    red.change_and_remove_a_field()
    assert managers(red.name) == {field_manager("twin", "red")}
