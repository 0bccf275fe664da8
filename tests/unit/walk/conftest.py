"""The doctor's patient, whose cluster has none of the objects that only `ask` looks for."""

import json

import pytest

from istio_ingress.live import tools
from istio_ingress.walk.others import KINDS
from tests.unit.doctor.fake_tools import FakeTools
from tests.unit.doctor.patient import Patient


class Cluster(FakeTools):
    """Knows the kinds that the doctor does not ask for."""

    def _get(self, words):
        return json.dumps({"items": []}) if words[0] in KINDS else super()._get(words)


@pytest.fixture
def cluster(monkeypatch):
    """A healthy ingress, behind kubectl."""
    fake = Cluster(Patient())
    monkeypatch.setattr(tools, "ask", fake)
    return fake
