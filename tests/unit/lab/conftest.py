"""A lab that is only named: nothing of it is started, and nothing of this machine's is touched."""

import pytest

from lab import settings


@pytest.fixture
def lab(monkeypatch, tmp_path):
    """Its settings, with cache and state in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LAB_SUBNET", "10.211.0.0/16")
    return settings.from_environment()
