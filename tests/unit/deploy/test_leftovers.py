"""What a killed update had begun to create, and which of it is deleted."""

import json

import pytest

from deploy import leftovers
from deploy.leftovers import Begun

SECRET = Begun("Secret", "istio-system", "web-1")
GATEWAY = Begun("Gateway.v1.networking.istio.io", "shop", "web")
CLASS = Begun("IngressClass.v1.networking.k8s.io", "", "http")
OURS = "pulumi-istio-ingress"


def operation(kind, type_, api_version, name, namespace=None):
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    resource = {
        "type": type_,
        "inputs": {"apiVersion": api_version, "kind": type_.split(":")[-1], "metadata": metadata},
    }
    return {"type": kind, "resource": resource}


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Puts a `kubectl` on PATH that knows who manages which object, and notes what it deletes."""

    def prepare(managers):
        deleted = tmp_path / "deleted"
        deleted.touch()
        answers = "\n".join(f'"get {name}") echo -n {manager};;' for name, manager in managers.items())
        program = tmp_path / "kubectl"
        program.write_text(
            f'#!/bin/bash\n[ "$1" = delete ] && echo "$2 $3 $5" >> {deleted}\ncase "$1 $3" in\n{answers}\nesac\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return lambda: deleted.read_text().splitlines()

    return prepare


def test_the_objects_that_were_being_created_are_told_from_everything_else():
    state = {
        "pending_operations": [
            operation("creating", "kubernetes:core/v1:Secret", "v1", "web-1", "istio-system"),
            operation("creating", "kubernetes:networking.istio.io/v1:Gateway", "networking.istio.io/v1", "web", "shop"),
            operation("creating", "kubernetes:networking.k8s.io/v1:IngressClass", "networking.k8s.io/v1", "http"),
            operation("updating", "kubernetes:core/v1:Secret", "v1", "other", "istio-system"),
            {"type": "creating", "resource": {"type": "tls:index/privateKey:PrivateKey", "inputs": {}}},
        ]
    }
    assert leftovers.begun(state) == {SECRET, GATEWAY, CLASS}


@pytest.mark.parametrize("state", [{}, {"pending_operations": None}, json.loads('{"pending_operations": []}')])
def test_a_state_without_pending_operations_leaves_nothing(state):
    assert leftovers.begun(state) == set()


def test_what_the_state_does_not_know_is_deleted(kubectl, capfd):
    deleted = kubectl({"web-1": OURS, "http": OURS})
    leftovers.remove([SECRET, CLASS], {"resources": []})
    assert deleted() == ["Secret web-1 istio-system", "IngressClass.v1.networking.k8s.io http "]
    assert "Secret istio-system/web-1 was left over; it is deleted." in capfd.readouterr().err


def test_what_a_later_update_took_over_or_somebody_else_made_stays(kubectl):
    deleted = kubectl({"web-1": OURS, "web": "kubectl"})
    leftovers.remove([SECRET, GATEWAY], {"resources": [{"id": "istio-system/web-1"}]})
    assert deleted() == []
