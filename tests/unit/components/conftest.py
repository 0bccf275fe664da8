"""Every Istio object that any test declares is checked against its CRD."""

import pytest

from tests.unit.components import crds, engine


@pytest.fixture
def declare():
    """Runs a program against an engine that writes down; see `engine.declare`."""

    def run(program, **config):
        declared = engine.declare(program, config)
        for resource in declared.resources:
            if ".istio.io/" in resource.type:
                crds.validate(resource.inputs)
        return declared

    return run
