"""The map of a recorded `pulumi preview --json` of the repository's own program."""

import json
from datetime import UTC, datetime

import pytest

from istio_ingress import rules
from istio_ingress.terminal import CommandError
from istio_ingress.topology import Health
from istio_ingress.topology.preview import Planned
from tests.unit.doctor.patient import RECORDED

SETTINGS = rules.Settings(namespace="default")


@pytest.fixture
def preview():
    return json.loads((RECORDED / "preview.json").read_text())


def step(preview, name):
    return next(one for one in preview["steps"] if one["urn"].endswith(f"::{name}"))


def topology(preview):
    return Planned.read(json.dumps(preview)).topology(datetime.now(UTC), SETTINGS)


def entry(found, host, port=443):
    return next(one for one in found.entries if one.host == host and one.listener.port == port)


def test_every_host_is_followed_to_what_will_run(preview):
    found = topology(preview)
    assert found.hosts == ["helloworld.example.com", "httpbin.example.com", "mutual.example.com", "nginx.example.com"]
    assert {one.health for one in found.entries} == {Health.OK}
    mutual = entry(found, "mutual.example.com")
    assert mutual.listener.title == "443 HTTPS MUTUAL"
    assert [backend.promise for backend in mutual.routes[0].backends] == ["1 of Deployment httpbin"]


def test_a_certificate_that_is_yet_to_be_issued_is_known_by_its_hosts(preview):
    (certificate,) = entry(topology(preview), "httpbin.example.com").listener.certificates
    assert (certificate.days_left, certificate.valid_for) == (None, 365)
    assert "httpbin" in certificate.secret


def test_an_intermediate_authority_in_the_secret_is_not_its_certificate(preview):
    leaf = step(preview, "web-httpbin-example-com-ecdsa-p256-certificate")
    between = json.loads(json.dumps(leaf))
    between["urn"] = between["newState"]["urn"] = leaf["urn"] + "-between"
    between["newState"]["inputs"] |= {"isCaCertificate": True, "validityPeriodHours": 24}
    preview["steps"].append(between)
    step(preview, "web-httpbin-example-com-ecdsa-p256")["newState"]["dependencies"].insert(0, between["urn"])
    (certificate,) = entry(topology(preview), "httpbin.example.com").listener.certificates
    assert certificate.valid_for == 365


def test_a_certificate_for_half_of_the_hosts_is_not_the_listeners(preview):
    server = step(preview, "web-gateway")["newState"]["inputs"]["spec"]["servers"][0]
    server["hosts"].append("other.example.com")
    assert entry(topology(preview), "httpbin.example.com").listener.certificates == []


def test_one_with_a_name_is_known_by_it(preview):
    secret = next(one for one in preview["steps"] if one["urn"].endswith("web-httpbin-example-com-ecdsa-p256"))
    secret["newState"]["inputs"]["metadata"]["name"] = "named"
    step(preview, "web-gateway")["newState"]["inputs"]["spec"]["servers"][0]["tls"]["credentialName"] = "named"
    (certificate,) = entry(topology(preview), "httpbin.example.com").listener.certificates
    assert (certificate.secret, certificate.valid_for) == ("istio-system/named", 365)


def test_what_the_rules_find_is_red_before_anything_is_created(preview):
    routes = step(preview, "web-httpbin-example-com-routes")["newState"]["inputs"]["spec"]["http"]
    routes[0]["route"][0]["destination"]["port"]["number"] = 8001
    broken = entry(topology(preview), "httpbin.example.com")
    assert broken.health is Health.BROKEN
    assert "8001" in broken.routes[0].troubles[0].text


def test_what_is_deleted_is_not_drawn(preview):
    gone = step(preview, "web-helloworld-example-com-routes")
    gone["op"], gone["oldState"] = "delete", gone.pop("newState")
    assert "every request answers 404" in entry(topology(preview), "helloworld.example.com").troubles[0].text


def test_resources_that_the_preview_leaves_out_are_counted(preview):
    assert Planned.read(json.dumps(preview)).left_out == 0
    preview["changeSummary"] = {"same": 40, "update": 2}
    preview["steps"][0]["op"] = "same"
    assert Planned.read(json.dumps(preview)).left_out == 39


def test_no_secret_is_read(preview):
    planned = Planned.read(json.dumps(preview))
    secrets = [manifest for manifest in planned.manifests if manifest["kind"] == "Secret"]
    assert len(secrets) == 4
    assert all(secret["data"] is rules.UNKNOWN for secret in secrets)


def test_words_before_the_json_are_skipped(preview):
    assert Planned.read("warning: a new version is available\n" + json.dumps(preview)).manifests


@pytest.mark.parametrize("text", ["", "nothing", "{}", "[]", '{"steps": [{}]}', '{"steps": 1}'])
def test_anything_else_is_a_sentence(text):
    with pytest.raises(CommandError, match="not what `pulumi preview --json --show-sames` prints"):
        Planned.read(text)


def test_a_preview_that_failed_says_that_it_does_not_show_all(preview):
    alert = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"severity": "error"}}}
    preview["steps"].append({"op": "create", "urn": "urn:alert", "newState": {"type": "x", "inputs": alert}})
    warned = {**preview, "diagnostics": [{"message": "no icon", "severity": "warning"}]}
    error = {"message": "leafGeneration is 0", "severity": "error"}
    failed = {**warned, "diagnostics": [*warned["diagnostics"], error]}

    said = [next(iter(Planned.read(json.dumps(one)).gaps()), "") for one in (preview, warned, failed)]
    assert [one.startswith("the preview failed: ") for one in said] == [False, False, True]
