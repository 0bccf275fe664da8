import pytest

from tests.unit.doctor.patient import Patient


@pytest.fixture
def patient():
    """A healthy ingress."""
    return Patient()
