import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from istio_ingress.doctor import gather
from istio_ingress.live import tools
from istio_ingress.live.client import Answer
from istio_ingress.requests import sending
from tests.unit.doctor.answered import istio
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
        return patient.shown[name, 443].first.parsed.public_bytes(Encoding.DER)

    def send(target, *, ca, identity, believes_anyone, **_):
        is_trusted = target.url.startswith("http:") or ca == patient.authority.certificate or believes_anyone
        is_let_in = "mutual" not in target.url or identity is not None
        return right[target.url] if is_trusted and is_let_in else Answer(refused="certificate verify failed")

    monkeypatch.setattr(tools, "ask", fake)
    monkeypatch.setattr(gather, "shown_certificate", shown)
    monkeypatch.setattr(sending, "send", send)
    monkeypatch.setattr(gather, "send", lambda target, **_: patient.answer(target))
    return fake


@pytest.fixture
def plain(patient):
    """The patient with one more Gateway, for *.shop.example in clear."""
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*.shop.example"]}
    patient.add(istio("Gateway", "plain", {"selector": {"istio": "ingressgateway"}, "servers": [server]}))
    patient.objects.setdefault("AuthorizationPolicy", [])
    patient.objects.setdefault("RequestAuthentication", [])
    return patient
