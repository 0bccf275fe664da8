"""The doctor and the map over a stack of their own, behind a gateway of their own, which is broken in every way and
repaired again: each is named rightly, and nobody else's requests notice."""

import base64
import json
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.conftest import kubectl
from tests.e2e.edge import edge_gateway
from tests.e2e.patients import PROGRAM, Patient
from tests.unit.certificates import Authority, Pair

pytestmark = pytest.mark.alone  # one test takes istiod away

RIVAL = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: rival, namespace: NAMESPACE}
spec:
  selector: {istio: edge}
  servers:
  - port: {number: 8443, name: https, protocol: HTTPS}
    hosts: [tls.NAMESPACE.example.com]
    tls: {mode: SIMPLE, credentialName: tls-credential}
"""


@pytest.fixture(scope="module")
def patient(new_stack, namespace, tmp_path_factory):
    authority = Authority("doctor's CA", days=90)
    stack = new_stack(PROGRAM)
    with edge_gateway(namespace) as edge:
        patient = Patient(stack, namespace, edge, authority, tmp_path_factory.mktemp("cache"))
        patient.good_credential()
        stack.up(namespace=namespace, gateway_namespace=edge, ca_certificate=authority.certificate)
        patient.is_well()
        yield patient


@contextmanager
def scaled_to_0(namespace, deployment):
    kubectl("scale", "deployment", deployment, "--namespace", namespace, "--replicas=0")
    try:
        yield
    finally:
        kubectl("scale", "deployment", deployment, "--namespace", namespace, "--replicas=1")
        kubectl("rollout", "status", "deployment", deployment, "--namespace", namespace, "--timeout=50s")


@contextmanager
def without(patient, kind, name):
    """The object is gone, and comes back as it was."""
    kept = json.loads(kubectl("get", kind, name, "--namespace", patient.edge, "--output=json"))
    kept["metadata"] = {
        key: kept["metadata"][key] for key in ("name", "namespace", "annotations") if key in kept["metadata"]
    }
    kubectl("delete", kind, name, "--namespace", patient.edge)
    try:
        yield
    finally:
        kubectl("create", "--filename=-", stdin=json.dumps(kept))


def patch(kind, name, namespace, path, value):
    change = [{"op": "replace", "path": path, "value": value}]
    kubectl("patch", kind, name, "--namespace", namespace, "--type=json", f"--patch={json.dumps(change)}")


def test_all_is_well_and_every_check_says_what_it_saw(patient):
    said = patient.is_well()
    assert said.not_ok() == []
    assert [*dict.fromkeys(line["check"] for line in said.lines)] == [
        "cluster", "istio", "stack", "drift", "address", "gateway", "ports", "rights",
        "credentials", "delivery", "routes", "rules", "served", "answers", "requests",
    ]  # fmt: skip
    assert said.finds("address", "ok", f"{patient.edge}/edge", "hostIP")
    assert said.finds("credentials", "ok", "tls-credential", f"tls.{patient.host}", "CN=doctor's CA", "days left")
    assert said.finds("credentials", "ok", "client CA", "mutual-credential")
    assert said.finds("delivery", "ok", "mutual-credential-cacert")
    assert said.finds("routes", "ok", f"host tls.{patient.host}", "8443 HTTPS SIMPLE", "1 of 1 pods ready")
    assert said.finds("drift", "ok", "objects of the stack that were looked for are in the cluster as written")
    assert said.finds("answers", "ok", f"host mutual.{patient.host}", "by Service")
    assert said.finds("requests", "ok", patient.teapot, "418 HTTP/2", f"CN=tls.{patient.host}")


def test_text_says_the_same_and_looks_at_the_whole_cluster(patient):
    done = patient.run("doctor", "--all")
    ours = [line for line in done.stdout.splitlines() if patient.namespace in line]
    assert len(ours) > 20
    assert [line for line in ours if not line.startswith("ok ")] == []
    assert done.stdout.splitlines()[0].startswith("ok       cluster     API server: Kubernetes v")


def test_a_secret_whose_lines_are_indented(patient):
    good = patient.authority.issue(f"tls.{patient.host}", days=60)
    indented = "".join(f"  {line}\n" for line in good.certificate.splitlines())
    patient.credential(Pair(indented, good.key))
    said = patient.find("delivery", "failed", "tls-credential", "Envoy refuses", "'tls.crt' is a text in which")
    assert said.finds("credentials", "failed", f"{patient.edge}/tls-credential", "[certificate-unreadable]")
    assert said.code == 1
    patient.good_credential()
    patient.is_well()


def test_a_secret_that_was_deleted(patient):
    with without(patient, "secret", "tls-credential"):
        said = patient.find(
            "credentials", "failed", f"{patient.edge}/tls-credential", "does not exist", f"tls.{patient.host}"
        )
        assert said.finds("delivery", "warning", "tls-credential", "loses it when it restarts")
        assert said.code == 1
    patient.is_well()


def test_a_secret_in_the_wrong_namespace(patient):
    with without(patient, "secret", "tls-credential"):
        patient.credential(patient.authority.issue(f"tls.{patient.host}"), namespace=patient.namespace)
        try:
            said = patient.find("credentials", "failed", "tls-credential", f"there is one in {patient.namespace}")
            (line,) = said.not_ok("credentials")
            assert line["next_step"].startswith(f"Create it in {patient.edge}")
        finally:
            kubectl("delete", "secret", "tls-credential", "--namespace", patient.namespace)
    patient.is_well()


def test_a_certificate_of_the_wrong_ca(patient):
    stranger = Authority("a stranger")
    patient.credential(stranger.issue(f"tls.{patient.host}", days=60))
    try:
        said = patient.find("served", "failed", f"tls.{patient.host}", "CN=a stranger", "did not issue")
        assert said.finds("credentials", "failed", "CN=a stranger", "clients that trust the stack's CA refuse")
        assert said.finds("requests", "failed", patient.teapot, "CERTIFICATE_VERIFY_FAILED")
        assert said.finds("delivery", "ok", "tls-credential")
    finally:
        patient.good_credential()
    patient.is_well()


def test_the_wrong_ca_for_clients(patient):
    path = ("secret", "mutual-credential", patient.edge, "/data/ca.crt")
    kept = json.loads(kubectl("get", *path[:2], "--namespace", patient.edge, "--output=json"))["data"]["ca.crt"]
    patch(*path, base64.b64encode(Authority("a stranger", days=60).certificate.encode()).decode())
    try:
        said = patient.find("requests", "failed", f"https://mutual.{patient.host}", "with the client certificate")
        assert said.finds("credentials", "failed", "client CA", "CN=a stranger", f"mutual.{patient.host} refuses it")
    finally:
        patch(*path, kept)
    patient.is_well()


def test_a_certificate_that_has_ended(patient):
    patient.credential(patient.authority.issue(f"tls.{patient.host}", days=-1))
    try:
        said = patient.find("served", "failed", f"tls.{patient.host}", "ended", "clients refuse it")
        assert said.finds("credentials", "failed", "tls-credential", "certificate-expired")
        assert said.finds("requests", "failed", patient.teapot, "certificate has expired")
    finally:
        patient.good_credential()
    patient.is_well()


def test_a_gateway_of_the_stack_that_was_changed_or_taken_away(patient):
    name, place = "http-http", ("--namespace", patient.namespace)
    kept = json.loads(kubectl("get", "gateway", name, *place, "--output=json"))
    path = ("gateway", name, patient.namespace, "/spec/servers/0/hosts/0")
    patch(*path, f"new.{patient.host}")
    try:
        said = patient.find("drift", "failed", f"Gateway {patient.namespace}/{name} is not as the stack wrote it")
        assert said.finds("drift", "failed", "spec.servers[0].hosts[0] was changed")
        kubectl("delete", "gateway", name, *place)
        said = patient.find("drift", "failed", f"Gateway {patient.namespace}/{name} of the stack is not in the cluster")
        assert [line["next_step"] for line in said.not_ok("drift")] == ["pulumi up --refresh"]
    finally:
        kept["metadata"] = {key: kept["metadata"][key] for key in ("name", "namespace", "annotations")}
        kubectl("delete", "gateway", name, *place, "--ignore-not-found")
        kubectl("create", "--filename=-", stdin=json.dumps(kept))
    patient.is_well()


def test_a_gateway_in_conflict(patient):
    rival = RIVAL.replace("NAMESPACE", patient.namespace)
    kubectl("apply", "--filename=-", stdin=rival)
    try:
        said = patient.find("ports", "failed", "host-conflict", f"Gateway {patient.namespace}/rival", "/tls-tls")
        assert said.finds("requests", "ok", patient.teapot, "418")
        assert said.code == 1
    finally:
        kubectl("delete", "--filename=-", stdin=rival)
    patient.is_well()


def test_a_service_without_endpoints(patient):
    (deployment,) = kubectl("get", "deployments", "--namespace", patient.namespace, "--output=name").split()
    name = deployment.partition("/")[2]
    with scaled_to_0(patient.namespace, name):
        said = patient.find("routes", "failed", f"Service {patient.namespace}/{name} has no endpoint", "scaled to 0")
        assert said.finds("requests", "failed", patient.teapot, "503")
        picture = patient.run("map", "--format=svg", f"--namespace={patient.namespace}").stdout
        assert 'class="box broken"' in picture
        assert "has no endpoint" in picture
    patient.is_well()


def test_istiod_down(patient):
    with scaled_to_0("istio-system", "istiod"):
        said = patient.find("istio", "failed", "istiod", "get no change")
        assert {line["check"] for line in said.not_ok()} == {"istio"}
        assert said.finds("requests", "ok", patient.teapot, "418")
    patient.is_well()


def test_the_gateway_down(patient):
    with scaled_to_0(patient.edge, "edge"):
        said = patient.find("gateway", "failed", f"{patient.edge}/edge", "Deployment edge is scaled to 0")
        assert said.finds("address", "failed", "no gateway pod is scheduled")
        assert said.finds("credentials", "ok", "tls-credential")
        assert said.finds("requests", "unknown", "no gateway pod is ready")
        assert said.code == 1
    patient.is_well()


def test_a_route_to_the_wrong_port(patient):
    service = f"tls-tls-tls-{patient.host}".replace(".", "-")
    path = ("virtualservice", service, patient.namespace, "/spec/http/0/route/0/destination/port/number")
    patch(*path, 8001)
    try:
        said = patient.find("routes", "failed", "route-port-missing", "8001", "8000", f"tls.{patient.host}")
        assert said.finds("requests", "failed", patient.teapot)
    finally:
        patch(*path, 8000)
    patient.is_well()


def test_a_gateway_that_may_not_read_secrets(patient):
    with without(patient, "rolebinding", "edge"):
        said = patient.find("rights", "failed", f"{patient.edge}/default", "may not list the Secrets")
        assert {line["check"] for line in said.not_ok()} == {"rights"}
    patient.is_well()


@pytest.fixture
def somebody(patient, tmp_path):
    """Somebody who may see everything in the cluster but Secrets."""
    name = f"{patient.namespace}-somebody"
    rules = [
        "--resource=pods,services,deployments.apps,endpointslices.discovery.k8s.io",
        "--resource=gateways.networking.istio.io,virtualservices.networking.istio.io",
        "--resource=destinationrules.networking.istio.io,serviceentries.networking.istio.io",
        "--resource=requestauthentications.security.istio.io,authorizationpolicies.security.istio.io",
        "--resource=ingresses.networking.k8s.io,ingressclasses.networking.k8s.io",
    ]
    account = f"{patient.namespace}:somebody"
    kubectl("create", "serviceaccount", "somebody", "--namespace", patient.namespace)
    kubectl("create", "clusterrole", name, "--verb=get,list", *rules)
    kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--serviceaccount={account}")
    token = kubectl("create", "token", "somebody", "--namespace", patient.namespace).strip()
    config = json.loads(kubectl("config", "view", "--raw", "--output=json"))
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    yield {"KUBECONFIG": str(tmp_path / "kubeconfig")}
    kubectl("delete", "clusterrolebinding,clusterrole", name)
    kubectl("delete", "serviceaccount", "somebody", "--namespace", patient.namespace)


def test_a_person_who_may_not_see_everything_is_told_what_could_not_be_asked(patient, somebody):
    said = patient.asked(**somebody)
    assert {line["status"] for line in said.not_ok()} == {"unknown"}
    assert {line["check"] for line in said.not_ok()} == {"rights", "credentials", "delivery", "rules"}
    assert said.finds("credentials", "unknown", "secrets", "is forbidden")
    assert all("right to read" in line["next_step"] for line in said.not_ok("credentials"))
    assert said.finds("requests", "ok", patient.teapot, "418")
    assert said.code == 2


def test_a_cluster_that_does_not_answer(patient, tmp_path):
    config = json.loads(kubectl("config", "view", "--raw", "--output=json"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    said = patient.asked(KUBECONFIG=str(tmp_path / "kubeconfig"))
    assert said.code == 2
    assert said.finds("cluster", "unknown", "127.0.0.1:9", "refused")
    assert said.finds("stack", "ok", f"tls.{patient.host}")


def test_nothing_is_asked_with_a_tool_that_is_not_there(patient, tmp_path):
    said = patient.asked(PATH=str(Path(sys.executable).parent))
    assert said.code == 2
    assert said.finds("cluster", "unknown", "`kubectl` is not on PATH")
    assert said.finds("stack", "unknown", "`pulumi` is not on PATH")


def test_the_map_of_the_live_cluster(patient):
    text = patient.run("map", "--namespace", patient.namespace).stdout
    assert text.startswith("flowchart LR")
    for shown in (f"tls.{patient.host}", "8443 HTTPS MUTUAL", "tls-credential, 59 days left", "1 of 1 ready"):
        assert shown in text
    assert ":::broken" not in text


def test_the_map_of_a_preview(patient):
    config = {"namespace": patient.namespace, "gateway_namespace": patient.edge, "ca_certificate": "none"}
    (patient.cache / "preview.json").write_text(patient.stack.preview("--json", "--show-sames", **config))
    picture = patient.run("map", "--format=svg", "--preview", str(patient.cache / "preview.json")).stdout
    for shown in (f"tls.{patient.host}", "8443 HTTPS MUTUAL", "mutual-credential, valid 365 days", "1 of Deployment"):
        assert shown in picture
