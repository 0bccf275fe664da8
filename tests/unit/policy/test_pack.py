"""The policy pack: resources as manifests, and what it reports, in this process and as the engine starts it."""

import os
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel, PolicyResource, PolicyResourceOptions, StackValidationArgs
from pulumi_policy.proxy import unknown_checking_proxy

from istio_ingress import rules
from istio_ingress.policy import pack

PACK = Path(__file__).parents[3] / "components" / "istio_ingress" / "policy"
URN = "urn:pulumi:dev::shop::kubernetes:networking.istio.io/v1:Gateway::shop"
CONFLICT = {"number": 443, "name": "https", "protocol": "HTTPS"}


def gateway(name, host="shop.example", credential="shop-credential", **spec):
    tls = {"mode": "SIMPLE", "credentialName": credential}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {
            "selector": {"istio": "ingressgateway"},
            "servers": [{"port": CONFLICT, "hosts": [host], "tls": tls}],
            **spec,
        },
    }


def resource(props, kind="kubernetes:networking.istio.io/v1:Gateway", urn=URN):
    options = PolicyResourceOptions(False, [], None, [], None, None, [])
    return PolicyResource(kind, unknown_checking_proxy(props), urn, "shop", options, None, None, [], {})


def reported(policy, *resources, **config):
    reports = []
    policy.validate(
        StackValidationArgs(list(resources), config), lambda message, urn=None: reports.append((message, urn))
    )
    return reports


@pytest.fixture
def errors():
    return pack.policies()[0]


@pytest.fixture
def warnings():
    return pack.policies()[1]


def test_errors_stop_an_update_and_warnings_do_not(errors, warnings):
    assert errors.enforcement_level is EnforcementLevel.MANDATORY
    assert warnings.enforcement_level is EnforcementLevel.ADVISORY


def test_two_gateways_are_held_against_each_other(errors):
    ((message, urn),) = reported(errors, resource(gateway("a")), resource(gateway("b", credential="b"), urn="urn:b"))

    assert message.startswith("host-conflict: Gateway shop/b spec.servers[0]: The host 'shop.example' on port 443")
    assert urn == "urn:b"


def test_warnings_are_reported_by_their_own_policy(errors, warnings):
    low = gateway("a")
    low["spec"]["servers"][0]["tls"]["minProtocolVersion"] = "TLSV1_0"

    assert reported(errors, resource(low)) == []
    assert [message.split(":")[0] for message, _ in reported(warnings, resource(low))] == ["tls-version-low"]


def test_what_is_unknown_at_preview_is_not_judged(errors):
    unknown = rpc.UNKNOWN
    resources = [resource(gateway("a", host=unknown, credential=unknown)), resource(gateway("b", selector=unknown))]

    assert reported(errors, *resources) == []
    assert pack.known(unknown_checking_proxy({"spec": [unknown, 1.0]})) == {"spec": [rules.UNKNOWN, 1.0]}


def test_other_resources_and_patches_are_left_alone():
    bucket = resource({"bucket": "b"}, "aws:s3/bucket:Bucket")
    patch = resource(gateway("a.b"), "kubernetes:networking.istio.io/v1:GatewayPatch")

    assert pack.manifests([bucket, patch, resource(gateway("c"))]) == [gateway("c")]


def test_the_configuration_is_the_rules_settings(errors, warnings):
    anything = resource(gateway("a", host="*"))
    waiver = {"waivers": {"gateway-name": "it is renamed next week"}}

    assert [message.split(":")[0] for message, _ in reported(warnings, anything, production=True)] == [
        "wildcard-host-in-production"
    ]
    assert reported(errors, resource(gateway("a.b"))) != []
    assert reported(errors, resource(gateway("a.b")), **waiver) == []
    assert pack.settings({"expiryDays": 30.0, "gatewayNamespaces": {"": "istio-system"}}) == rules.Settings(
        expiry_days=30, gateway_namespaces={"": "istio-system"}
    )


def test_one_finding_is_waived_by_the_configuration_or_on_the_object(errors):
    told = {"gateway-name Gateway shop/a.b": "it is renamed next week"}
    annotated = gateway("c.d", host="blog.example")
    annotated["metadata"]["annotations"] = {"istio-ingress/waive": "gateway-name: so is this one"}

    assert reported(errors, resource(gateway("a.b")), resource(annotated), waivers=told) == []
    ((message, _),) = reported(errors, resource(gateway("e.f", host="cart.example")), resource(annotated), waivers=told)
    assert message.startswith("gateway-name: Gateway shop/e.f")


def test_a_waiver_without_effect_is_a_warning_whichever_policy_has_it():
    errors, warnings = pack.policies()

    assert reported(errors, resource(gateway("a")), waivers={"gateway-name": "old"}) == []
    ((message, urn),) = reported(warnings, resource(gateway("a")))
    assert message.startswith("waiver-unused: Setting waivers gateway-name: ")
    assert urn is None


def test_a_rule_is_graded_by_the_configuration(errors, warnings):
    graded = {"severities": {"gateway-name": "warning"}}

    assert reported(errors, resource(gateway("a.b")), **graded) == []
    assert [message.split(":")[0] for message, _ in reported(warnings, resource(gateway("a.b")), **graded)] == [
        "gateway-name"
    ]


def test_a_wrong_configuration_is_reported(errors):
    assert reported(errors, waivers={"gateway-names": "x"}) == [
        ("The policy's configuration is wrong: there is no rule 'gateway-names' to waive; 'gateway-name' is one.", None)
    ]


def test_the_pack_answers_the_engine():
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(PACK)]
    environment = {**os.environ, "PYTHONPATH": ""}
    with subprocess.Popen(command, cwd="/", env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                analyzer = analyzer_pb2_grpc.AnalyzerStub(channel)
                info = analyzer.GetAnalyzerInfo(analyzer_pb2.google_dot_protobuf_dot_empty__pb2.Empty())
                request = analyzer_pb2.AnalyzeStackRequest()
                for name in ("a", "b"):
                    added = request.resources.add(type="kubernetes:networking.istio.io/v1:Gateway", urn=name, name=name)
                    added.properties.update(gateway(name))
                found = analyzer.AnalyzeStack(request).diagnostics
        finally:
            process.terminate()

    assert [policy.name for policy in info.policies] == ["istio-ingress-errors", "istio-ingress-warnings"]
    assert [(one.policyName, one.urn) for one in found] == [("istio-ingress-errors", "b")]
    assert "host-conflict: Gateway shop/b" in found[0].message


def route(service):
    spec = {"hosts": ["shop.example"], "http": [{"route": [{"destination": {"host": service}}]}]}
    metadata = {"name": "shop", "namespace": "shop"}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("release", "missing"),
    [({"namespace": "shop"}, False), ({"namespace": rules.UNKNOWN}, False), ({"namespace": "blog"}, True), ({}, True)],
    ids=["here", "not known yet", "elsewhere", "in default"],
)
def test_a_service_that_a_release_may_bring_is_not_missing(errors, release, missing):
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "card", "namespace": "shop"}, "spec": {}}
    found = reported(
        errors,
        resource(route("cart")),
        resource(service, kind="kubernetes:core/v1:Service"),
        resource({"chart": "cart", **release}, kind="kubernetes:helm.sh/v3:Release"),
    )
    assert bool(found) is missing
