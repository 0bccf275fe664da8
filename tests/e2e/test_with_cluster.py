"""A preview, and `istio-ingress check`, held against what lives in the lab's cluster."""

import json
import subprocess
import sys

import pytest

from tests.e2e.conftest import kubectl

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
from istio_ingress import TlsGateway

config = pulumi.Config()
far = k8s.Provider("far", kubeconfig=config.require_secret("kubeconfig"))
nobody = {"direct_response": {"status": 404}}
TlsGateway("ours", {
    "namespace": config.require("namespace"),
    "hosts": [{"host": config.require("host"), "routes": [nobody]}],
}, pulumi.ResourceOptions(provider=far))
"""
THEIRS = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: theirs}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [HOST]
    tls: {mode: PASSTHROUGH}
"""
ASKED = {"istio-ingress:with_cluster": True}


@pytest.fixture(scope="module")
def host(namespace):
    return f"taken.{namespace}.example.com"


@pytest.fixture(scope="module")
def theirs(namespace, host):
    kubectl("apply", f"--namespace={namespace}", "--filename=-", stdin=THEIRS.replace("HOST", host))


@pytest.fixture(scope="module")
def stack(new_stack, namespace, tmp_path_factory):
    stack = new_stack(PROGRAM)
    config = kubectl("config", "view", "--minify", "--raw", "--output=json")
    stack.pulumi("config", "set", "--secret", "kubeconfig", config)
    stack.pulumi("config", "set", "namespace", namespace)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "kubeconfig"
    elsewhere.write_text(json.dumps(json.loads(config) | {"current-context": "elsewhere"}))
    stack.environment["KUBECONFIG"] = str(elsewhere)  # of which nothing must be taken
    return stack


def check(stack, preview, *options):
    command = [sys.executable, "-m", "istio_ingress", "check", "--with-cluster", *options, "-"]
    return subprocess.run(
        command, input=preview, cwd=stack.directory, env=stack.environment, capture_output=True, text=True, timeout=120
    )


def test_the_preview_asks_the_cluster_of_its_own_provider_and_refuses_a_host_that_is_taken(stack, host, theirs):
    done = stack.run("preview", "--json", "--config", f"host={host}", "--config", "istio-ingress:with_cluster=true")
    preview = json.loads(done.stdout)
    assert [step["urn"] for step in preview["steps"] if "pulumi:pulumi:Stack" not in step["urn"]] == []
    said = "\n".join(one["message"] for one in preview["diagnostics"])
    assert "Held against what lives in the cluster at https://" in said
    assert "host-conflict: Gateway" in said
    assert f"'{host}' on port 443 is also on Gateway" in said
    assert "/theirs" in said


def test_a_preview_that_is_not_asked_to_does_not_look(stack, host, theirs):
    preview = stack.preview("--json", "--show-sames", host=host, **{"istio-ingress:with_cluster": False})
    done = check(stack, preview)
    assert done.returncode == 2  # the kubeconfig is a secret, and the current context is nobody's
    assert "name it with --context or --kubeconfig" in done.stderr
    (stack.directory / "lab").write_text(kubectl("config", "view", "--minify", "--raw", "--output=json"))
    done = check(stack, preview, "--kubeconfig=lab")
    assert done.returncode == 1, done.stderr
    assert "error host-conflict" in done.stdout
    assert "theirs" in done.stdout


def test_a_namespace_that_neither_the_cluster_nor_the_program_has_is_refused(stack, namespace):
    absent = f"absent-{namespace}"
    asked = {"namespace": absent, "host": f"free.{namespace}.example.com"} | ASKED
    for key, value in asked.items():
        stack.pulumi("config", "set", key, str(value).lower())
    done = stack.run("preview")
    assert done.returncode != 0
    assert f"namespace-missing: Gateway {absent}/ours-tls " in done.stdout
    assert f"The cluster has no namespace '{absent}'." in done.stdout
    maker = (
        f'k8s.core.v1.Namespace("made", metadata={{"name": "{absent}"}}, opts=pulumi.ResourceOptions(provider=far))\n'
    )
    stack.rewrite(PROGRAM + maker)
    try:
        done = stack.run("preview")
    finally:
        stack.rewrite(PROGRAM)
        stack.pulumi("config", "set", "namespace", namespace)
    assert done.returncode == 0, done.stdout


def test_a_stack_that_is_up_is_not_its_own_neighbour_and_may_move(stack, namespace):
    free = {"host": f"free.{namespace}.example.com"} | ASKED
    stack.up(**free)
    assert stack.planned(**free) == {}
    moved = stack.preview(host=f"moved.{namespace}.example.com", **ASKED)
    assert "Held against what lives in the cluster at https://" in moved
    assert "conflict" not in moved
