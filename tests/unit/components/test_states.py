"""What stacks of earlier commits hold is what their programs declare today, by type, name and parent.

`tests/e2e/test_upgrading.py` has the real engine compare the rest, on the lab.
"""

import runpy

import pulumi
import pytest

from tests.e2e import states
from tests.unit.certificates import Authority
from tests.unit.components import engine
from tests.unit.components.test_stack import ROOT, configuration

PAIR = Authority("any").issue("given.further.example")


@pytest.fixture
def declare(declare, monkeypatch):
    """Runs a program file; its certificates can be read: they are all the same one."""
    certificate = {"certPem": PAIR.certificate, "validityEndTime": "2059-01-01T00:00:00Z"}
    answers = {
        "tls:index/privateKey:PrivateKey": lambda *_: {"privateKeyPem": pulumi.Output.secret(PAIR.key)},
        "tls:index/selfSignedCert:SelfSignedCert": lambda *_: certificate,
        "tls:index/locallySignedCert:LocallySignedCert": lambda *_: certificate,
    }
    for kind, answer in answers.items():
        monkeypatch.setitem(engine._ANSWERS, kind, answer)
    monkeypatch.setattr("istio_ingress.sdk.runtime.tune_runtime", lambda: None)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(pulumi, "export", lambda *_: None)
    return lambda file, **config: declare(lambda: runpy.run_path(str(file)) and None, **config)


@pytest.mark.parametrize(
    ("state", "program", "config"),
    [
        ("dev", ROOT / "__main__.py", configuration(**states.DEV)),
        ("further", states.FOLDER / "further.py", {}),
    ],
)
def test_a_program_declares_what_its_old_state_holds(declare, state, program, config):
    declared = {(resource.type, resource.name, resource.parent) for resource in declare(program, **config).resources}
    assert declared == {(one["type"], name(one["urn"]), name(one["parent"])) for one in children(state)}


def children(state):
    return [one for one in states.resources(state) if "parent" in one]


def name(urn):
    """A resource's own name; the stack is called as in all unit tests."""
    return "istio-ingress-test" if "::pulumi:pulumi:Stack::" in urn else urn.rsplit("::", 1)[1]


@pytest.mark.parametrize("state", ["dev", "further"])
def test_no_key_of_a_state_is_in_clear(state):
    assert "PRIVATE KEY" not in (states.FOLDER / f"{state}.json").read_text()
    assert any("ciphertext" in str(one["outputs"]) for one in states.resources(state) if "PrivateKey" in one["type"])
