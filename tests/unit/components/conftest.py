"""Every Istio object that any test declares is checked against its CRD."""

import asyncio

import pulumi
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


@pytest.fixture
def hooks(monkeypatch):
    """The functions that the engine may call, by the name that it knows each by; with mocks the SDK registers none."""
    known = {}

    class Hook(pulumi.ResourceHook):
        """A hook that the engine has been told of."""

        def __init__(self, name, func, opts=None):
            self.name, self.callback, self.opts = name, func, opts
            self._registered = asyncio.get_event_loop().create_future()
            self._registered.set_result(None)
            known[name] = func

    monkeypatch.setattr(pulumi, "ResourceHook", Hook)
    monkeypatch.setattr("istio_ingress.sdk.hooks.is_mocked", lambda: False)
    return known


def updated(old, new):
    """What the engine tells a hook of a `Stash` that it is about to update."""
    return pulumi.ResourceHookArgs("urn", "id", "name", "type", old_inputs={"input": old}, new_inputs={"input": new})
