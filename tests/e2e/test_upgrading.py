"""Stacks that earlier commits made keep every resource with today's package, as docs/upgrading.md promises."""

import json
from contextlib import contextmanager

import pytest

from tests.e2e import states
from tests.e2e.conftest import kubectl
from tests.e2e.stacks import Stack

OURS = "pulumi-istio-ingress"  # until each stack had a field manager of its own


@pytest.fixture
def dev(tmp_path):
    """The repository's own stack."""
    with in_cluster(nginx("dev"), *virtual_services("dev")):
        yield taken_over(Stack.of_this_repository(tmp_path / "dev", "dev"))


@pytest.fixture
def further(tmp_path):
    """A stack with much of what the repository's own leaves out."""
    program = (states.FOLDER / "further.py").read_text()
    with in_cluster(nginx("further")):
        yield taken_over(Stack.create(tmp_path / "further", program, "further", project="further"))


def nginx(state):
    """The Deployment of a state that today's program updates: the provider asks the cluster what would become of it."""
    (found,) = (
        one["inputs"]
        for one in states.resources(state)
        if one["type"].endswith(":Deployment") and "PassthroughNginx" in one["urn"]
    )
    return found


def virtual_services(state):
    """Those of a state; today's program says of each what it expects."""
    return [one["inputs"] for one in states.resources(state) if one["type"].endswith(":VirtualService")]


@contextmanager
def in_cluster(*objects):
    """Objects of one namespace, which is there for as long."""
    (namespace,) = {one["metadata"]["namespace"] for one in objects}
    kubectl("create", "namespace", namespace)
    try:
        manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        kubectl("apply", "--server-side", "--field-manager", OURS, "-f", "-", stdin=manifests)
        yield
    finally:
        kubectl("delete", "namespace", namespace)


def taken_over(stack):
    """The stack, with the state that an earlier commit left it."""
    stack.pulumi("stack", "import", "--file", str(states.FOLDER / f"{stack.name}.json"))
    return stack


def planned(stack, **config):
    """What a preview would do to each resource, by URN."""
    steps = json.loads(stack.preview("--json", "--show-sames", **config))["steps"]
    return {step["urn"]: step["op"] for step in steps if "::pulumi:providers:" not in step["urn"]}


def all_the_same_but_nginx(stack, **more):
    """The plan in which nothing happens to any resource of the state, but nginx gets the configuration of today.

    Its ConfigMap is named after what is in it, so that the pods that read the old one keep it until they are gone.
    """
    nginx = {"v1:ConfigMap": "replace", "v1:Deployment": "update"}
    urns = [resource["urn"] for resource in states.resources(stack.name)]
    kinds = {urn: urn.split("::")[2].rpartition("/")[2] for urn in urns}
    return {urn: ((nginx if "PassthroughNginx$" in urn else {}) | more).get(kinds[urn], "same") for urn in urns}


def test_the_repositorys_stack_of_before_the_package_keeps_every_resource_and_says_what_it_expects(dev):
    expecting = {"v1:VirtualService": "update"}  # each gets the annotation with what is expected of it
    assert planned(dev, **states.DEV) == all_the_same_but_nginx(dev, **expecting)


def test_a_stack_with_the_other_components_of_before_the_package_keeps_every_resource_but_nginxs_configuration(further):
    assert planned(further) == all_the_same_but_nginx(further)


def test_a_name_that_is_not_kept_is_seen(dev):
    ops = {urn.rsplit("::", 1)[1]: op for urn, op in planned(dev, **states.DEV | {"prefix": "other-"}).items()}
    assert (ops["web-gateway"], ops["other-web-gateway"]) == ("delete", "create")
