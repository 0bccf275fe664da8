"""What is unknown, missing or malformed is never an alarm of another kind, and never an exception."""

import copy
import itertools
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from istio_ingress import rules
from tests.unit.rules.material import NOW, ca_certificate, certificate, manifests, private_key

RULES = [pytest.param(rule, id=rule.id) for rule in rules.all_rules()]
REPOSITORY = Path(__file__).parents[3]
#: They take a Gateway and the security objects beside it for the whole: the one is not reviewed without the other.
OF_WHAT_IS_GIVEN = {"claim-without-authentication", "namespace-missing", "token-not-required"}


def places(value, path=()):
    """The paths of every value in a manifest, but for its kind and version."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if path or key not in ("apiVersion", "kind"):
            yield (*path, key)
            yield from places(item, (*path, key))


def with_value(documents, number, path, value):
    changed = copy.deepcopy(documents)
    target = changed[number]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def every_change(documents, value):
    for number, document in enumerate(documents):
        for path in places(document):
            yield path, with_value(documents, number, path, value)


@pytest.mark.parametrize("rule", RULES)
def test_no_unknown_value_makes_a_finding(rule):
    for path, changed in every_change(manifests(rule.example.good), rules.UNKNOWN):
        assert rules.check(changed, now=NOW, settings=rule.example.settings) == [], path


@pytest.mark.parametrize("rule", RULES)
def test_an_unknown_value_makes_no_finding_of_another_rule(rule):
    for path, changed in every_change(manifests(rule.example.bad), rules.UNKNOWN):
        found = rules.check(changed, now=NOW, settings=rule.example.settings)
        assert {finding.rule for finding in found} <= {rule.id}, path


@pytest.mark.parametrize("wrong", [None, "", "x", 7, 7.5, True, [], {}, [None], ["x"], [{}], {"x": 1}], ids=repr)
def test_no_wrong_shape_is_an_exception(wrong):
    for rule in rules.all_rules():
        for _, changed in every_change(manifests(rule.example.bad), wrong):
            rules.check(changed, now=NOW, settings=rule.example.settings)


@pytest.mark.parametrize("rule", RULES)
def test_what_the_manifests_do_not_hold_is_no_finding(rule):
    documents = manifests(rule.example.good)
    partial = replace(rule.example.settings, complete=False)
    for number in range(len(documents)):
        for some in itertools.combinations(documents, number):
            found = {finding.rule for finding in rules.check(some, now=NOW, settings=partial)}
            assert found <= (OF_WHAT_IS_GIVEN if rule.id in OF_WHAT_IS_GIVEN else set())


def test_a_wrong_shape_is_found_where_it_is():
    gateway = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "shop"},
        "spec": {"servers": [{"hosts": "shop.example", "port": {"number": True, "name": "http", "protocol": "HTTP"}}]},
    }

    found = rules.check([gateway], now=NOW)

    assert [(finding.rule, finding.path) for finding in found] == [
        ("manifest-malformed", "spec.servers[0].hosts"),
        ("manifest-malformed", "spec.servers[0].port.number"),
    ]
    assert found[0].message == "This is a string."
    assert found[0].remedy == "It must be a list."


@pytest.mark.parametrize("rule", RULES)
def test_no_finding_holds_any_of_a_secret(rule):
    documents = manifests(rule.example.bad)
    values = [value for document in documents for value in document.get("stringData", {}).values()]
    lines = {line for value in values for line in value.splitlines() if re.fullmatch(r"[A-Za-z0-9+/=]{16,}", line)}

    told = json.dumps([finding.as_dict() for finding in rules.check(documents, now=NOW)])

    assert not [line for line in lines if line in told]


def test_the_rules_import_the_standard_library_only():
    program = f"""
import sys
sys.path.insert(0, {str(REPOSITORY / "components")!r})
from istio_ingress import rules
from datetime import datetime, UTC
gateway = {{"apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {{"name": "a.b"}}, "spec": {{}}}}
found = rules.check([gateway], now=datetime.now(UTC))
print(*(finding.rule for finding in found), rules.reads_certificates())
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("gateway-name gateway-server-incomplete False\n", "")


def fleet(size):
    """A gateway of many hosts, each with its own Gateway, credential, VirtualService and Service."""
    authority = ca_certificate("Clients")
    for number in range(size):
        host, name = f"h{number}.shop.example", f"s{number}"
        port = {"number": 443, "name": name, "protocol": "HTTPS"}
        tls = {"mode": "MUTUAL", "credentialName": name}
        pair = {"tls.crt": certificate(host), "tls.key": private_key(host), "ca.crt": authority}
        destination = {"destination": {"host": name, "port": {"number": 8000}}}
        matches = [{"uri": {"prefix": f"/{part}"}} for part in ("a", "b", "c")]
        specs = {
            "Gateway": {"selector": {"istio": "gw"}, "servers": [{"port": port, "hosts": [host], "tls": tls}]},
            "VirtualService": {
                "hosts": [host],
                "gateways": [name],
                "http": [{"match": matches, "route": [destination]}],
            },
        }
        for kind, spec in specs.items():
            yield {
                "apiVersion": "networking.istio.io/v1",
                "kind": kind,
                "metadata": {"name": name, "namespace": "shop"},
                "spec": spec,
            }
        metadata = {"name": name, "namespace": "shop"}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 8000}]}}
        secret = {"name": name, "namespace": "istio-system"}
        yield {"apiVersion": "v1", "kind": "Secret", "metadata": secret, "stringData": pair}


def test_the_time_for_a_host_does_not_grow_with_their_number():
    small, large = list(fleet(200)), list(fleet(1000))

    assert seconds(large) / 1000 < 2 * seconds(small) / 200


def seconds(documents):
    """Of a machine that may be busy, the best of three."""
    took = []
    for _ in range(3):
        start = time.process_time()
        assert rules.check(documents, now=NOW) == []
        took.append(time.process_time() - start)
    return min(took)
