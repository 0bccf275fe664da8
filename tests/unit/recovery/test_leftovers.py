"""What a killed update had begun to create, and which of it is deleted."""

import json
from dataclasses import replace

import pytest

from istio_ingress.field_managers import field_manager
from istio_ingress.recovery import leftovers
from istio_ingress.recovery.leftovers import Begun, Wanted
from tests.unit.recovery.fake_tools import OURS, operation, provider

SECRET = Begun("Secret", "istio-system", "web-1", manager=OURS)
GATEWAY = Begun("Gateway.v1.networking.istio.io", "shop", "web", manager=OURS)
CLASS = Begun("IngressClass.v1.networking.k8s.io", "", "http", manager=OURS)
OF_EVERY_STACK = "pulumi-istio-ingress"
CREATING = operation("creating", "kubernetes:core/v1:Secret", "v1", "web-1", "istio-system")
ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:x"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_the_objects_that_were_being_created_are_told_from_everything_else():
    state = {
        "pending_operations": [
            CREATING,
            operation("creating", "kubernetes:networking.istio.io/v1:Gateway", "networking.istio.io/v1", "web", "shop"),
            operation("creating", "kubernetes:networking.k8s.io/v1:IngressClass", "networking.k8s.io/v1", "http"),
            operation("updating", "kubernetes:core/v1:Secret", "v1", "other", "istio-system"),
            operation("creating", "kubernetes:core/v1:SecretPatch", "v1", "theirs", "istio-system"),
            {"type": "creating", "resource": {"type": "tls:index/privateKey:PrivateKey", "inputs": {}}},
            {"type": "creating", "resource": {"type": "kubernetes:helm.sh/v3:Release", "inputs": {"name": "istio"}}},
            {"type": "creating", "resource": {"type": "kubernetes:core/v1:Secret", "inputs": ENCRYPTED}},
        ]
    }
    assert leftovers.begun(state) == {SECRET, GATEWAY, CLASS}


@pytest.mark.parametrize("state", [{}, {"pending_operations": None}, json.loads('{"pending_operations": []}')])
def test_a_state_without_pending_operations_leaves_nothing(state):
    assert leftovers.begun(state) == set()


def test_an_object_that_the_state_has_after_all_is_not_left_over():
    state = {"pending_operations": [CREATING], "resources": [{"urn": "urn", "id": "istio-system/web-1"}]}
    assert leftovers.begun(state) == set()


@pytest.mark.parametrize(
    ("inputs", "cluster"),
    [
        ({"version": "4.25.0"}, ()),
        ({"context": "prod", "cluster": "west"}, ("--context=prod", "--cluster=west")),
        ({"kubeconfig": __file__}, (f"--kubeconfig={__file__}",)),
        ({"kubeconfig": "apiVersion: v1\nkind: Config\n"}, None),
        ({"kubeconfig": ENCRYPTED}, None),
        ({"context": ENCRYPTED}, None),
    ],
)
def test_an_object_is_looked_for_in_the_cluster_of_its_provider(inputs, cluster):
    state = {"pending_operations": [CREATING], "resources": [provider(**inputs)]}
    assert [one.cluster for one in leftovers.begun(state)] == [cluster]


def test_without_its_provider_an_object_is_looked_for_nowhere():
    assert [one.cluster for one in leftovers.begun({"pending_operations": [CREATING]})] == [None]


def test_kubectl_is_told_of_the_cluster(kubectl):
    kubectl.has(web_1=OURS)
    leftovers.remove([replace(SECRET, cluster=("--context=prod",))], {"resources": []})
    assert len(kubectl.calls()) == 2
    assert all("--context=prod" in call for call in kubectl.calls())


def test_what_the_state_does_not_know_is_deleted(kubectl, capfd):
    kubectl.has(web_1=OURS, http=OURS)
    leftovers.remove([SECRET, CLASS], {"resources": []})
    assert kubectl.deleted() == [
        "Secret web-1 --namespace istio-system",
        "IngressClass.v1.networking.k8s.io http",
    ]
    assert "Secret istio-system/web-1 was left over; it is deleted." in capfd.readouterr().err


def test_what_a_later_update_took_over_or_somebody_else_made_stays(kubectl):
    kubectl.has(web_1=OURS, web="kubectl")
    leftovers.remove([SECRET, GATEWAY], {"resources": [{"id": "istio-system/web-1"}]})
    assert kubectl.deleted() == []


@pytest.mark.parametrize(
    ("begun_with", "found_with", "is_deleted"),
    [
        (OURS, OURS, True),
        (OF_EVERY_STACK, OF_EVERY_STACK, True),
        (field_manager("shop", "before a rename"), field_manager("shop", "before a rename"), True),
        (OURS, field_manager("shop", "other"), False),
        (OURS, OF_EVERY_STACK, False),
        ("somebody", "somebody", False),
        ("", "", False),
    ],
)
def test_only_what_this_stack_created_is_deleted(kubectl, begun_with, found_with, is_deleted):
    kubectl.has(web_1=found_with)
    state = {"pending_operations": [operation("creating", "kubernetes:core/v1:Secret", "v1", "web-1", "a", begun_with)]}
    leftovers.remove([replace(one, cluster=()) for one in leftovers.begun(state)], {})
    assert kubectl.deleted() == (["Secret web-1 --namespace a"] if is_deleted else [])


def test_what_may_be_in_a_cluster_that_nobody_names_is_said(kubectl, capfd):
    kubectl.has(web_1=OURS)
    leftovers.remove([replace(SECRET, cluster=None)], {})
    assert kubectl.calls() == []
    assert "Secret istio-system/web-1 may be left over: nothing says in which cluster" in capfd.readouterr().err


def step(op, name, namespace="istio-system"):
    metadata = {"name": name, "namespace": namespace}
    inputs = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}
    return {"op": op, "urn": f"urn::{name}", "newState": {"type": "kubernetes:core/v1:Secret", "inputs": inputs}}


@pytest.mark.parametrize(
    ("steps", "is_wanted"),
    [
        ([step("create", "web-1")], True),
        ([step("replace", "web-1")], True),
        ([step("create", UNKNOWN)], False),
        ([], False),
        ([step("same", "web-1")], False),
        ([step("create", "web-2"), step("create", "web-1", "shop"), step("create", UNKNOWN, "shop")], False),
        ([{"op": "delete", "urn": "urn::web-1", "newState": None}], False),
    ],
)
def test_a_preview_says_what_the_program_wants(steps, is_wanted):
    assert (SECRET in Wanted({"steps": steps})) == is_wanted


@pytest.mark.parametrize(("namespace", "may_hold"), [("istio-system", True), ("shop", False)])
def test_a_preview_may_not_know_what_the_program_wants(namespace, may_hold):
    assert Wanted({"steps": [step("create", UNKNOWN, namespace)]}).may_hold(SECRET) == may_hold


@pytest.mark.parametrize(
    ("kind", "name", "named", "is_used"),
    [
        ("Secret", "web-1", "web-1", True),
        ("Secret", "web-1-cacert", "web-1", True),
        ("ConfigMap", "web-1", "web-1", True),
        ("Secret", "web-1", "web-12", False),
        ("Secret", "web-1", "", False),
        ("Deployment", "web-1", "", True),
    ],
)
def test_what_a_gateway_names_is_used(kubectl, kind, name, named, is_used):
    kubectl.names("gateways.networking.istio.io", named)
    assert leftovers.is_used(Begun(kind, "istio-system", name)) == is_used
