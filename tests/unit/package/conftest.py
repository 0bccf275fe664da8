"""What is built once, and the environments of a test."""

import pytest

from tests.unit.package.environments import Environment, build


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this repository."""
    return build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def environment(tmp_path):
    """A fresh environment with everything but this package, so that nothing is asked of a registry."""
    made = Environment.create(tmp_path / "environment")
    made.lend(lambda name: "istio_ingress" not in name)
    return made


@pytest.fixture
def bare(tmp_path):
    """A fresh environment with PyYAML and nothing else."""
    made = Environment.create(tmp_path / "environment")
    made.lend(lambda name: name in {"yaml", "_yaml"} or name.startswith("pyyaml-"))
    return made
