"""What the stack wrote, and somebody has taken away or changed since."""

import pytest

from istio_ingress.live.declared import differs, read
from istio_ingress.live.errors import LiveError


@pytest.fixture
def stack(patient):
    """The patient, all of whose Gateways and routes are the stack's."""
    patient.state = []
    for kind in ("Gateway", "VirtualService", "Service"):
        patient.declare(kind)
    return patient


def test_what_is_there_as_it_was_written_is_well(stack):
    (line,) = stack.said("drift")
    assert (line.status.value, line.seen.split(" of the stack")[0]) == ("ok", f"all {len(stack.state)} objects")


def test_a_gateway_of_the_stack_that_is_gone_is_named_with_the_command(stack):
    stack.remove("Gateway", "web-tls")
    (line,) = stack.said("drift")
    assert (line.status.value, line.seen) == ("failed", "Gateway default/web-tls of the stack is not in the cluster")
    assert line.next_step == "pulumi up --refresh"


def test_a_field_that_was_changed_is_named(stack):
    stack.find("Gateway", "web-tls")["spec"]["servers"][1]["hosts"] = ["elsewhere.example.com"]
    ((status, _, seen),) = stack.complaints("drift")
    assert status == "failed"
    assert seen.startswith("Gateway default/web-tls is not as the stack wrote it: spec.servers[1].hosts[0] was changed")


def test_what_others_have_added_is_no_change(stack):
    stack.find("Service", "httpbin")["spec"]["clusterIP"] = "10.0.0.9"
    stack.find("Gateway", "web-tls")["spec"]["servers"][0]["name"] = "added"
    assert stack.complaints("drift") == []


def test_the_objects_of_another_cluster_are_not_missed_in_this_one(stack):
    elsewhere = {**stack.state[0], "id": "shop/elsewhere", "provider": "urn:…::elsewhere"}
    stack.state.append(elsewhere)
    assert stack.complaints("drift") == []
    elsewhere["provider"] = ""
    assert [seen for _, _, seen in stack.complaints("drift")] == [
        "Gateway shop/elsewhere of the stack is not in the cluster"
    ]


def test_kinds_that_were_denied_or_not_asked_for_are_not_judged(stack):
    stack.state.append({**stack.state[0], "id": "default/page", "inputs": {"kind": "ConfigMap", "apiVersion": "v1"}})
    stack.remove("Gateway", "web-tls")
    denied = LiveError("gateways is forbidden")
    assert not [seen for _, _, seen in stack.complaints("drift", denied={"Gateway": denied}) if "Gateway" in seen]


def test_a_state_that_cannot_be_read_is_said(stack):
    ((status, _, seen),) = stack.complaints("drift", declared=LiveError("no stack selected"))
    assert (status, seen) == ("unknown", "no stack selected")


def test_only_objects_that_the_stack_manages_are_read():
    gateway = {"type": "kubernetes:x:Gateway", "id": "a/b", "custom": True, "inputs": {"kind": "Gateway"}}
    others = [
        {**gateway, "type": "kubernetes:x:GatewayPatch"},
        {**gateway, "external": True},
        {**gateway, "delete": True},
        {**gateway, "custom": False},
        {**gateway, "type": "tls:index/privateKey:PrivateKey"},
        {"type": "kubernetes:helm.sh/v3:Release", "id": "a/c", "custom": True, "inputs": {}},
    ]
    assert [one.manifest["metadata"] for one in read([gateway, *others])] == [{"namespace": "a", "name": "b"}]


@pytest.mark.parametrize(
    ("declared", "live", "field"),
    [
        ({"a": 1}, {"a": 1.0, "b": 2}, ""),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ".a[0].b"),
        ({"a": [1]}, {"a": [1, 2]}, ".a"),
        ({"a": {"b": 1}}, {}, ".a"),
        ({"a": {}}, {}, ""),
        ({"a": {"4dabf18193072939515e22adb298388d": "x"}}, {"a": "b"}, ""),
    ],
)
def test_the_first_field_that_differs(declared, live, field):
    assert differs(declared, live).removesuffix(".") == field
