"""Workloads pass Pod Security "restricted" and ask for no more than they need."""

import pytest

from istio_ingress import HttpbinIngress, PassthroughNginx, TlsGateway, WorkloadKind, restricted_namespace

PROGRAMS = {
    "httpbin": lambda: HttpbinIngress("web", {}) and None,
    "helloworld": lambda: (
        TlsGateway("web", {"hosts": [{"host": "a.test", "workload": {"kind": WorkloadKind.HELLOWORLD}}]}) and None
    ),
    "nginx": lambda: PassthroughNginx("web", {}) and None,
}


@pytest.fixture(params=PROGRAMS)
def pod(request, declare):
    return declare(PROGRAMS[request.param]).manifest("Deployment")["spec"]["template"]["spec"]


def test_pods_meet_the_restricted_standard(pod):
    (container,) = pod["containers"]
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["runAsUser"] > 0
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    allowed = {"configMap", "emptyDir", "secret", "name"}
    assert all(volume.keys() <= allowed for volume in pod["volumes"])


def test_pods_hold_no_credentials_of_the_cluster(pod):
    assert pod["automountServiceAccountToken"] is False


def test_containers_say_what_they_need_and_how_they_are(pod):
    (container,) = pod["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "10m", "memory": "32Mi"},
        "limits": {"cpu": "500m", "memory": "128Mi"},
    }
    assert {"readinessProbe", "livenessProbe"} <= container.keys()
    assert container["imagePullPolicy"] == "IfNotPresent"


def test_helloworld_is_told_its_version(declare):
    declared = declare(PROGRAMS["helloworld"])
    template = declared.manifest("Deployment")["spec"]["template"]
    assert template["spec"]["containers"][0]["env"] == [{"name": "SERVICE_VERSION", "value": "v1"}]
    assert template["metadata"]["labels"]["version"] == "v1"


def test_an_environments_namespace_admits_restricted_pods_only(declare):
    declared = declare(lambda: {"name": restricted_namespace("staging")})
    assert declared.manifest("Namespace")["metadata"] == {
        "name": "staging",
        "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
    }
    assert declared.outputs == {"name": "staging"}
