import pytest

from tests.unit.recovery.fake_tools import FakeKubectl, FakePulumi


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A folder on PATH, before everything else."""
    for variable in ("PULUMI_BACKEND_URL", "PULUMI_STACK"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))
    return tmp_path


@pytest.fixture
def pulumi(tools):
    return FakePulumi(tools)


@pytest.fixture
def kubectl(tools):
    return FakeKubectl(tools)
