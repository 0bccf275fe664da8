"""The stack that `Pulumi.yaml` configures."""

import json
import runpy
from pathlib import Path

import pulumi
import pytest
import yaml

import settings
from istio_ingress.arguments.workload import WorkloadKind
from istio_ingress.manifests.nginx import IMAGE
from istio_ingress.manifests.workloads import SERVERS
from istio_ingress.pki.issuing import AUTHORITY_VALIDITY_DAYS, RENEW_BEFORE_DAYS, VALIDITY_DAYS

ROOT = Path(__file__).parents[3]
CONFIG = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
SCHEMA = {key: entry for key, entry in CONFIG.items() if ":" not in key}  # not what is a provider's


def of_stack(name):
    """What an environment's file says."""
    return without_prefix((ROOT / f"Pulumi.{name}.yaml").read_text())


def without_prefix(text):
    return {key.removeprefix("istio-ingress:"): value for key, value in yaml.safe_load(text)["config"].items()}


def configuration(**changes):
    """What Pulumi would hand to the program: the defaults, and what differs."""
    values = {key: entry["default"] for key, entry in SCHEMA.items()} | changes
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


@pytest.fixture
def stack(declare, monkeypatch):
    """Runs the program, and keeps what it exports."""

    def run(**changes):
        exported = {}
        monkeypatch.setattr(pulumi, "export", exported.__setitem__)
        monkeypatch.setattr("istio_ingress.sdk.runtime.tune_runtime", lambda: None)
        monkeypatch.setattr("signal.signal", lambda *_: None)

        def program():
            runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
            return exported

        return declare(program, **configuration(**changes))

    return run


def test_all_four_components_stand_side_by_side(stack):
    declared = stack()
    components = {r.kind for r in declared.resources if r.type.startswith("istio-ingress:")}
    assert components == {
        "CertificateAuthority",
        "HttpbinIngress",
        "TlsGateway",
        "MutualTlsGateway",
        "PassthroughNginx",
    }
    assert declared.outputs["hosts"] == {
        "http": ["httpbin.example.com"],
        "tls": ["httpbin.example.com", "helloworld.example.com"],
        "mutual": ["mutual.example.com"],
        "passthrough": ["nginx.example.com"],
    }
    assert declared.outputs["gateway"] == {
        "namespace": "istio-system",
        "service": "istio-ingressgateway",
        "selector": {"istio": "ingressgateway"},
    }
    assert declared.outputs["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert declared.outputs["client_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert declared.secret_outputs == {"client_key"}


def test_one_authority_signs_for_all(stack):
    assert [r.name for r in stack().of("CertificateAuthority")] == ["ca"]


def test_no_host_is_on_two_servers_of_one_port(stack):
    servers = [server for r in stack().of("Gateway") for server in r.manifest["spec"]["servers"]]
    served = [(server["port"]["number"], host) for server in servers for host in server["hosts"]]
    assert len(served) == len(set(served))


def cluster_objects(declared):
    return {
        (r.kind, r.manifest["metadata"].get("namespace"), r.manifest["metadata"]["name"])
        for r in declared.resources
        if "name" in r.inputs.get("metadata", {})
    }


def served_hosts(declared):
    return {host for hosts in declared.outputs["hosts"].values() for host in hosts}


def test_staging_and_dev_share_no_object_and_no_host(stack):
    dev, staging = stack(**of_stack("dev")), stack(**of_stack("staging"))
    assert cluster_objects(dev) & cluster_objects(staging) == set()
    assert served_hosts(dev) & served_hosts(staging) == set()


def test_staging_makes_its_own_namespace(stack):
    staging = stack(**of_stack("staging"))
    assert staging.manifest("Namespace")["metadata"]["name"] == "staging"
    assert {r.manifest["metadata"]["namespace"] for r in staging.of("Deployment")} == {"staging"}


def test_a_prefix_keeps_two_environments_apart_in_one_namespace(stack):
    one, two = stack(), stack(prefix="two-", domain="two.example.com")
    assert cluster_objects(one) & cluster_objects(two) == set()


@pytest.mark.parametrize("stack_name", ["dev", "staging"])
def test_an_environment_sets_only_what_the_schema_knows(stack_name):
    assert of_stack(stack_name).keys() <= SCHEMA.keys()


def test_the_third_environment_of_the_docs_works(stack):
    page = (ROOT / "docs" / "environments.md").read_text()
    third = without_prefix(page.split("<<'YAML'\n")[1].split("\nYAML\n")[0])
    declared = stack(**third)
    assert third.keys() <= SCHEMA.keys()
    assert served_hosts(declared) >= {"httpbin.shop.example", "nginx.shop.example"}
    assert {r.manifest["metadata"]["namespace"] for r in declared.of("Secret")} == {"istio-ingress", "shop"}


def test_the_schemas_defaults_are_the_components():
    defaults = {key: entry["default"] for key, entry in SCHEMA.items()}
    assert defaults["httpbin_image"] == SERVERS[WorkloadKind.HTTPBIN].image
    assert defaults["helloworld_image"] == SERVERS[WorkloadKind.HELLOWORLD].image
    assert defaults["nginx_image"] == IMAGE
    assert defaults["authority_validity_days"] == AUTHORITY_VALIDITY_DAYS
    assert defaults["leaf_validity_days"] == VALIDITY_DAYS
    assert defaults["renew_before_days"] == RENEW_BEFORE_DAYS


def test_every_key_has_a_type_a_meaning_and_a_default():
    assert all({"type", "description", "default"} <= entry.keys() for entry in SCHEMA.values())


def test_an_unknown_key_algorithm_is_refused_in_one_sentence(declare):
    def program():
        with pytest.raises(pulumi.RunError, match=r"^Config key_algorithm is 'dsa', but must be one of 'ecdsa-p256'"):
            settings.read()

    assert declare(program, **configuration(key_algorithm="dsa")).resources == []
