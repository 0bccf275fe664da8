"""What a transformation or a transform makes of a resource is judged, too."""

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi.runtime import get_root_resource

from istio_ingress import TlsGateway
from istio_ingress.preview import review
from tests.unit.components import engine


def web(**opts):
    routes = [{"prefix": "/", "service": "app", "port": 80}]
    host = {"host": "a.test", "existing_credential": "kept", "routes": routes}
    TlsGateway("web", {"hosts": [host]}, pulumi.ResourceOptions(**opts))


def rename(args):
    """A transformation that sends a VirtualService's hosts away from its Gateway's."""
    if args.type_.endswith(":VirtualService"):
        spec = {**args.props["spec"], "hosts": ["z.test"]}
        return pulumi.ResourceTransformationResult({**args.props, "spec": spec}, args.opts)
    return None


def isolate(args):
    """One that gives a VirtualService options of its own, and forgets those that are there."""
    if args.type_.endswith(":VirtualService"):
        return pulumi.ResourceTransformationResult(args.props, pulumi.ResourceOptions(parent=args.opts.parent))
    return None


@pytest.fixture
def run(declare, monkeypatch):
    """Runs a program from its first import on; what was registered, and the sentence in which it was refused."""

    def run(program):
        declared = engine.Declared()
        monkeypatch.setattr(engine, "Declared", lambda: declared)
        try:
            declare(lambda: review.watch() or (program() and None))
        except pulumi.RunError as refused:
            return declared, str(refused)
        return declared, ""

    yield run
    root = get_root_resource()  # which the next test's program has as well
    root._transformations = [one for one in root._transformations if one is review._see]


@pytest.fixture
def transforms(monkeypatch):
    """An engine on which a transform changes the spec of each VirtualService, as `change` says."""
    monkeypatch.setattr(review, "is_mocked", lambda: False)
    monkeypatch.setattr(review, "is_dry_run", lambda: True)

    def with_transform(change):
        new_resource = engine._Answers.new_resource

        def transformed(self, args):
            made, state = new_resource(self, args)
            return made, {**state, **(change(state["spec"]) if args.typ.endswith(":VirtualService") else {})}

        monkeypatch.setattr(engine._Answers, "new_resource", transformed)

    return with_transform


@pytest.mark.parametrize(
    "program",
    [
        lambda: [pulumi.runtime.register_stack_transformation(rename), web()],
        lambda: web(transformations=[rename]),
        lambda: [
            pulumi.runtime.register_stack_transformation(isolate),
            pulumi.runtime.register_stack_transformation(rename),
            web(),
        ],
    ],
    ids=["of the stack", "of the component", "two of the stack"],
)
def test_a_transformation_is_judged_before_anything_is_registered(run, program):
    declared, refusal = run(program)
    assert "virtualservice-host-unserved" in refusal or "z.test" in refusal
    assert declared.resources == []


def test_one_that_forgets_the_options_still_waits_for_the_verdict(run):
    def program():
        pulumi.runtime.register_stack_transformation(isolate)
        kubernetes.core.v1.Service("card", metadata={"name": "card", "namespace": "default"}, spec={"ports": []})
        web()

    declared, refusal = run(program)
    assert "There is no Service 'app'" in refusal
    assert declared.resources == []


def test_a_transformation_that_mends_leaves_nothing_to_find(run):
    def mend(args):
        if args.type_.endswith(":VirtualService"):
            return pulumi.ResourceTransformationResult(
                {**args.props, "spec": {**args.props["spec"], "hosts": ["a.test"]}}, args.opts
            )
        return None

    declared, refusal = run(
        lambda: [
            pulumi.runtime.register_stack_transformation(rename),
            pulumi.runtime.register_stack_transformation(mend),
            web(),
        ]
    )
    assert refusal == ""
    assert declared.manifest("VirtualService")["spec"]["hosts"] == ["a.test"]


def test_what_a_transform_made_is_judged_at_the_end(run, transforms):
    transforms(lambda spec: {"spec": {**spec, "hosts": ["z.test"]}})
    declared, refusal = run(web)
    assert "VirtualService default/web-tls-a-test" in refusal
    assert "z.test" in refusal
    assert declared.of("VirtualService")


def test_a_transform_that_adds_what_is_no_mistake_is_let_pass(run, transforms):
    transforms(lambda spec: {"spec": {**spec, "exportTo": ["*"]}, "status": {}})
    assert run(web)[1] == ""


def test_a_transform_that_names_another_service_is_judged(run, transforms):
    route = {"destination": {"host": "card", "port": {"number": 80}}}
    transforms(lambda spec: {"spec": {**spec, "http": [{"route": [route]}]}})

    def program():
        kubernetes.core.v1.Service(
            "app",
            metadata={"name": "app", "namespace": "default"},
            spec=kubernetes.core.v1.ServiceSpecArgs(ports=[kubernetes.core.v1.ServicePortArgs(port=80, target_port=9)]),
        )
        web()

    assert "There is no Service 'card' in 'default'; there are: app" in run(program)[1]
