"""One program, two clusters: the lab and a second one beside it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from istio_ingress.live import address
from tests.e2e.conftest import Requests, eventually, example, kubectl
from tests.e2e.stacks import Stack

pytestmark = [pytest.mark.alone, pytest.mark.timeout(900)]  # a second lab is started

SUBNET = "10.97.0.0/16"
HOST = "www.two.example"
TAKEN = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: taken, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [taken.two.example]
    tls: {mode: PASSTHROUGH}
"""
ONE_MORE = """
TlsGateway("more", {
    "hosts": [{"host": "HOST", "routes": [{"direct_response": {"status": 200}}]}],
}, pulumi.ResourceOptions(provider=kubernetes.Provider("again", context="CONTEXT")))
"""


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    """The kubeconfig of the lab, called east, and of a second lab, called west; and one that has both."""
    folder = tmp_path_factory.mktemp("labs")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PULUMI_", "KUBECONFIG"))}
    environment = kept | {"LAB_SUBNET": SUBNET, "XDG_STATE_HOME": str(folder), "LAB_PULUMI": "build"}

    def lab(word):
        done = subprocess.run(
            [sys.executable, "-m", "lab", word], env=environment, capture_output=True, text=True, timeout=280
        )
        assert done.returncode == 0, done.stderr

    lab("up")
    files = {
        "east": Path(os.environ["KUBECONFIG"]),
        "west": folder / "istio-ingress" / "lab97" / "pki" / "admin.kubeconfig",
    }
    both = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, file in files.items():
        shown = kubectl("config", "view", "--minify", "--raw", "--output=json", f"--kubeconfig={file}")
        config = json.loads(shown)
        both["clusters"].append({"name": name, "cluster": config["clusters"][0]["cluster"]})
        both["users"].append({"name": name, "user": config["users"][0]["user"]})
        both["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    files["both"] = folder / "both.kubeconfig"
    files["both"].write_text(json.dumps(both))
    yield files
    lab("down")


@pytest.fixture(scope="module")
def stack(clusters, tmp_path_factory):
    stack = Stack.create(tmp_path_factory.mktemp("stack"), example("several-clusters"))
    stack.environment["KUBECONFIG"] = str(clusters["both"])
    try:
        stack.up()
        yield stack
    finally:
        stack.rewrite(example("several-clusters"))
        stack.destroy()


def server(kubeconfig: Path) -> str:
    """The API server's URL."""
    path = "{.clusters[0].cluster.server}"
    return kubectl("config", "view", "--minify", f"--output=jsonpath={path}", f"--kubeconfig={kubeconfig}")


def at(clusters, name, monkeypatch):
    """Requests to the gateway of one cluster."""
    monkeypatch.setenv("KUBECONFIG", str(clusters[name]))
    return Requests(address.find("istio-system", "istio-ingressgateway"))


def test_one_authority_vouches_for_the_same_host_on_both(stack, clusters, monkeypatch):
    ca = stack.outputs()["ca_certificate"]
    for name in ("east", "west"):
        requests = at(clusters, name, monkeypatch)
        answer = eventually(lambda: requests.https(HOST, "/", ca=ca), lambda one: one.status == 200)  # noqa: B023
        assert answer.body == f"{name}\n"
    assert stack.planned() == {}


def test_what_stands_on_one_cluster_is_not_held_against_the_other(stack, clusters):
    kubectl("apply", "--filename=-", f"--kubeconfig={clusters['west']}", stdin=TAKEN)
    more = ONE_MORE.replace("HOST", "taken.two.example")
    for context, refused in (("west", True), ("east", False)):
        stack.rewrite(example("several-clusters") + more.replace("CONTEXT", context))
        done = stack.run("preview", "--config", "istio-ingress:with_cluster=true")
        assert (done.returncode != 0) is refused, done.stdout
        assert ("host-conflict" in done.stdout) is refused
        for name in ("east", "west"):
            assert server(clusters[name]) in done.stdout


@pytest.mark.parametrize("name", ["east", "west"])
def test_the_doctor_is_told_which_cluster_by_its_kubeconfig(stack, clusters, name):
    command = [sys.executable, "-m", "istio_ingress", "doctor", "--json"]
    environment = stack.environment | {"KUBECONFIG": str(clusters[name])}
    done = subprocess.run(command, cwd=stack.directory, env=environment, capture_output=True, text=True, timeout=200)
    assert server(clusters[name]) in done.stdout, done.stdout + done.stderr
