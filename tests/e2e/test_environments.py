"""Environments of the repository's own stack side by side on one cluster, and what is left when they go."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from istio_ingress.live.client import Identity
from tests.e2e.cluster import objects
from tests.e2e.conftest import eventually, kubectl
from tests.e2e.stacks import Stack

NAMES = ("dev", "staging", "blue")
RESTRICTED = ("pod-security.kubernetes.io/enforce", "restricted")
KINDS = {
    "Deployment",
    "Service",
    "Namespace",
    "Secret",
    "ConfigMap",
    "Gateway",
    "VirtualService",
    "Ingress",
    "IngressClass",
}
# For the kinds that the repository's own stack does not make.
INGRESS = """
import pulumi
from istio_ingress import Entry, HttpbinIngress

config = pulumi.Config()
HttpbinIngress(f"{config.require('mark')}-ingress", {
    "namespace": config.require("namespace"),
    "hosts": [f"ingress.{config.require('mark')}.test"],
    "entry": Entry.INGRESS_CLASS,
    "backend": {"service": f"{config.require('mark')}-httpbin", "port": 8000},
})
"""


class Environments:
    """The stacks once they are up, and what was in the cluster before."""

    def __init__(self, stacks, namespaces, mark):
        self.stacks, self.namespaces, self.mark = stacks, namespaces, mark
        self.before = objects(mark)
        self.outputs = dict(zip(stacks, together(Stack.up, stacks), strict=True))

    def host(self, name, purpose):
        return self.outputs[name]["hosts"][purpose][0]

    def identity(self, name):
        return Identity(self.outputs[name]["client_certificate"], self.outputs[name]["client_key"])

    def made(self):
        """What the stacks' states say that they made."""
        ids = set()
        for stack in self.stacks.values():
            resources = json.loads(stack.pulumi("stack", "export"))["deployment"]["resources"]
            ids |= {resource["id"] for resource in resources if resource["type"].startswith("kubernetes:")}
        return ids


def together(action, stacks):
    """Do one thing to all stacks at the same time."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(action, stacks.values()))


@pytest.fixture(scope="module")
def namespaces(namespace):
    """Where the environments stand: staging's is its own, the other one is given."""
    given = f"{namespace}-default"
    kubectl("create", "namespace", given)
    kubectl("label", "namespace", given, "=".join(RESTRICTED))
    yield {"dev": given, "staging": f"{namespace}-staging", "blue": given}
    kubectl("delete", "namespace", given, "--wait=false")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory, namespace, namespaces):
    """dev and staging as their files have them, `blue` beside dev in its namespace, and a stack with an Ingress.

    All names get the test's own mark, because a dev or staging of somebody else may be up on the same cluster.
    """
    stacks = {}
    for name, file, own in (("dev", "dev", ""), ("staging", "staging", ""), ("blue", "dev", "blue-")):
        stack = stacks[name] = Stack.of_this_repository(tmp_path_factory.mktemp(name), file)
        domain, place = (stack.pulumi("config", "get", key).strip() for key in ("domain", "namespace"))
        assert f"{namespace}-{place}" == namespaces[name]
        stack.pulumi("config", "set", "domain", f"{own.replace('-', '.')}{domain}.{namespace}.test")
        stack.pulumi("config", "set", "namespace", namespaces[name])
        stack.pulumi("config", "set", "prefix", f"{namespace}-{own}")
    stacks["ingress"] = Stack.create(tmp_path_factory.mktemp("ingress"), INGRESS)
    stacks["ingress"].pulumi("config", "set", "mark", namespace)
    stacks["ingress"].pulumi("config", "set", "namespace", namespaces["dev"])
    yield stacks
    together(Stack.destroy, stacks)


@pytest.fixture(scope="module")
def environments(stacks, namespaces, namespace):
    return Environments(stacks, namespaces, namespace)


def answers(environments, name):
    """Send the walk-through's requests to an environment; whether all get the right answers."""
    asked = environments.stacks[name].requests()
    hosts = {one["request"].split("/")[2].split(".")[0] for one in asked}
    assert hosts == {"httpbin", "helloworld", "mutual", "nginx"}
    return all(one["right"] for one in asked)


@pytest.mark.parametrize("name", NAMES)
def test_each_environment_answers_the_whole_walk_through(environments, name):
    assert answers(environments, name)


def test_no_two_environments_share_a_host_or_an_authority(environments):
    outputs = [environments.outputs[name] for name in NAMES]
    hosts = [
        host for each in outputs for purpose in ("tls", "mutual", "passthrough") for host in each["hosts"][purpose]
    ]
    assert len(hosts) == len(set(hosts)) == 4 * len(NAMES)
    assert len({each["ca_certificate"] for each in outputs}) == len(NAMES)


@pytest.mark.parametrize(("one", "other"), [("dev", "staging"), ("staging", "dev"), ("dev", "blue")])
def test_the_certificates_of_one_are_worth_nothing_in_another(environments, requests, one, other):
    host = environments.host(one, "mutual")
    ca, foreign_ca = (environments.outputs[name]["ca_certificate"] for name in (one, other))
    identity, foreign_identity = environments.identity(one), environments.identity(other)
    eventually(
        lambda: requests.https(host, "/status/418", ca=ca, identity=identity), lambda answer: answer.status == 418
    )
    assert requests.https(host, "/status/418", ca=ca, identity=foreign_identity).refused
    for purpose in ("tls", "mutual", "passthrough"):
        refused = requests.https(environments.host(one, purpose), "/", ca=foreign_ca, identity=identity).refused
        assert "certificate verify failed" in refused


@pytest.mark.parametrize("name", NAMES)
def test_all_workloads_run_under_pod_security_restricted(environments, name):
    namespace = environments.namespaces[name]
    labels = json.loads(kubectl("get", "namespace", namespace, "--output=json"))["metadata"]["labels"]
    assert RESTRICTED in labels.items()
    deployments = json.loads(kubectl("get", "deployments", "--namespace", namespace, "--output=json"))["items"]
    assert len(deployments) == 3 * list(environments.namespaces.values()).count(namespace)
    assert [each["status"].get("readyReplicas") for each in deployments] == [1] * len(deployments)


@pytest.mark.parametrize("name", ["dev", "staging"])
def test_a_pod_with_more_rights_is_refused_there(environments, name):
    pod = ("run", "privileged", "--image=lab.local/client:1", "--privileged", "--dry-run=server")
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted'):
        kubectl(*pod, "--namespace", environments.namespaces[name])


def test_nothing_that_the_stacks_made_is_out_of_the_tests_sight(environments, requests):
    host = f"ingress.{environments.mark}.test"
    eventually(lambda: requests.http(host, "/status/200"), lambda answer: answer.status == 200)
    seen = objects(environments.mark) - environments.before
    assert {made.kind for made in seen} >= KINDS
    assert environments.made() <= {"/".join(filter(None, (made.namespace, made.name))) for made in seen}


def test_one_that_goes_takes_nothing_from_the_others(environments, requests):
    gone = environments.host("dev", "tls")
    environments.stacks["dev"].destroy()
    ca = environments.outputs["dev"]["ca_certificate"]
    assert eventually(lambda: requests.https(gone, "/status/418", ca=ca), lambda answer: bool(answer.refused))
    for name in ("staging", "blue"):
        assert environments.stacks[name].planned() == {}
        assert answers(environments, name)


def test_when_all_are_gone_the_cluster_is_as_it_was_before(environments):
    together(Stack.destroy, environments.stacks)
    eventually(lambda: objects(environments.mark) ^ environments.before, lambda difference: not difference, seconds=40)
