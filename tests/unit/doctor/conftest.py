import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from doctor import gather, tools, walkthrough
from doctor.client import Answer
from tests.unit.doctor.fake_tools import FakeTools
from tests.unit.doctor.patient import Patient


@pytest.fixture
def patient():
    """A healthy ingress."""
    return Patient()


@pytest.fixture
def fake_tools(patient, monkeypatch):
    """Its cluster and stack behind kubectl and pulumi, and its gateway behind the network."""
    fake = FakeTools(patient)
    right = {}
    for result in patient.results():
        if result.seen != "refused":
            right[result.check.target.url] = result.answer

    def shown(address, port, name):
        assert (address, port) == ("10.77.0.2", 31989)
        return patient.shown[name, 443].first.public_bytes(Encoding.DER)

    def send(target, *, ca, identity):
        is_trusted = target.url.startswith("http:") or ca == patient.authority.certificate
        is_let_in = "mutual" not in target.url or identity is not None
        return right[target.url] if is_trusted and is_let_in else Answer(refused="certificate verify failed")

    monkeypatch.setattr(tools, "ask", fake)
    monkeypatch.setattr(gather, "shown_certificate", shown)
    monkeypatch.setattr(walkthrough, "send", send)
    return fake
