from pathlib import Path

import pytest

from lab import settings
from lab.errors import LabError


@pytest.fixture(autouse=True)
def _home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("LAB_SUBNET", raising=False)


def test_every_address_lies_in_the_subnet(monkeypatch):
    monkeypatch.setenv("LAB_SUBNET", "10.99.0.0/16")
    lab = settings.from_environment()
    assert (lab.name, lab.host_interface) == ("lab99", "lab99h")
    assert (lab.host_ip, lab.node_ip) == ("10.99.0.1", "10.99.0.2")
    assert (lab.pod_cidr, lab.service_cidr) == ("10.99.1.0/24", "10.99.128.0/17")
    assert (lab.api_service_ip, lab.dns_ip) == ("10.99.128.1", "10.99.128.10")


def test_labs_on_two_subnets_share_the_cache_and_nothing_else(monkeypatch):
    first = settings.from_environment()
    monkeypatch.setenv("LAB_SUBNET", "10.99.0.0/16")
    second = settings.from_environment()
    assert first.cache == second.cache
    assert {first.state, first.name, first.node_ip}.isdisjoint({second.state, second.name, second.node_ip})


@pytest.mark.parametrize("subnet", ["10.77.0.0/24", "8.8.0.0/16", "fd00::/16", "ten", "10.77.1.0/16"])
def test_a_wrong_subnet_is_refused_with_a_right_one(monkeypatch, subnet):
    monkeypatch.setenv("LAB_SUBNET", subnet)
    with pytest.raises(LabError, match=r"^LAB_SUBNET is '.+: .*private IPv4 /16 such as 10\.77\.0\.0/16"):
        settings.from_environment()


@pytest.mark.parametrize("directory", ["/var/tmp", "/etc/x", "/usr/local/cache", "/run/user/0"])
def test_a_directory_that_is_hidden_inside_the_lab_is_refused(monkeypatch, directory):
    monkeypatch.setenv("XDG_STATE_HOME", directory)
    with pytest.raises(LabError, match=f"^{directory}/istio-ingress/lab77 .* set XDG_STATE_HOME"):
        settings.from_environment()


def test_without_variables_the_home_directory_is_used(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/somebody"))
    assert settings.from_environment().cache == Path("/home/somebody/.cache/istio-ingress")
