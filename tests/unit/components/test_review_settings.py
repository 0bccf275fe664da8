"""What a stack's settings make of findings: waived, graded, asked for."""

import json

import pytest

from istio_ingress import HttpbinIngress
from tests.unit.components.reviewing import raw_gateway, web


def test_a_waived_rule_lets_pass_and_shows_its_reason(watched, log):
    waivers = json.dumps({"host-conflict": "one moves out on Friday"})
    declared = watched(lambda: [web("one"), web("two")], waivers=waivers)
    assert len(declared.of("Gateway")) == 2
    assert "waived, because one moves out on Friday: host-conflict: Gateway default/two-tls" in log("INFO")


def test_one_finding_is_waived_by_rule_and_object(watched, refused, log):
    waivers = json.dumps({"host-conflict Gateway default/two-tls": "one moves out on Friday"})
    assert len(watched(lambda: [web("one"), web("two")], waivers=waivers).of("Gateway")) == 2
    assert "waived, because one moves out on Friday: host-conflict: Gateway default/two-tls" in log("INFO")
    message, _ = refused(lambda: [web("one"), web("three")], waivers=waivers)
    assert "host-conflict: Gateway default/three-tls" in message


def test_one_finding_is_waived_on_the_object_itself(watched, log):
    def program():
        web("one")
        raw_gateway("shop.example", annotations={"istio-ingress/waive": "host-conflict: this one goes on Friday"})

    watched(program)
    assert "waived, because this one goes on Friday: host-conflict: Gateway" in log("INFO")


def test_a_waiver_that_has_no_effect_any_more_is_a_warning(watched, log):
    declared = watched(lambda: web("one"), waivers=json.dumps({"host-conflict": "old"}))
    assert len(declared.of("Gateway")) == 1
    assert log("WARNING").count("waiver-unused: Setting waivers host-conflict: The waiver of host-conflict") == 1


def test_a_rule_can_be_graded(watched, log):
    severities = json.dumps({"host-conflict": "warning"})
    assert len(watched(lambda: [web("one"), web("two")], severities=severities).of("Gateway")) == 2
    assert "host-conflict: Gateway default/two-tls" in log("WARNING")


@pytest.mark.parametrize(
    ("waivers", "words"),
    [
        ({"host-conflicts": "?"}, "istio-ingress:waivers: there is no rule 'host-conflicts' to waive"),
        ({"host-conflict": " "}, "the waiver of host-conflict gives no reason"),
        (["host-conflict"], "istio-ingress:waivers is not a mapping from rule to reason"),
    ],
)
def test_a_waiver_that_waives_nothing_is_refused(refused, waivers, words):
    message, declared = refused(lambda: web(), waivers=json.dumps(waivers))
    assert words in message
    assert declared.resources == []


def test_a_warning_is_shown_once_and_stops_nothing(watched, log):
    def program():
        for name, service in (("one", "cart"), ("two", "site")):
            HttpbinIngress(name, {"hosts": ["shop.example"], "backend": {"service": service, "port": 80}})

    assert len(watched(program).of("Gateway")) == 2
    assert log("WARNING").count("virtualservice-host-repeated: VirtualService default/two") == 1


def test_production_asks_more(watched, log):
    program = lambda: HttpbinIngress("any", {"hosts": ["*"]})  # noqa: E731
    watched(program)
    assert "wildcard-host-in-production" not in log("WARNING")
    watched(program, production="true")
    assert "wildcard-host-in-production: Gateway default/any-http" in log("WARNING")


def test_a_field_that_the_running_istio_does_not_know_is_refused(refused, watched):
    program = lambda: web(key_algorithms=["ecdsa-p256", "rsa-2048"])  # noqa: E731
    message, declared = refused(program, istio_version="1.26")
    assert "field-too-new: Gateway default/web-tls" in message
    assert "credentialNames came with Istio 1.27" in message
    assert declared.resources == []


def test_an_istio_version_that_is_none_is_refused(refused):
    message, declared = refused(lambda: web(), istio_version="latest")
    assert "istio_version is 'latest'" in message
    assert declared.resources == []
