"""Every Istio object that any test declares is checked against its CRD."""

import asyncio
import logging

import pulumi
import pytest

from istio_ingress.preview import review
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
def watched(declare):
    """Runs a program from its `import istio_ingress` on, which in a test has happened long ago."""

    def run(program, **config):
        return declare(lambda: review.watch() or (program() and None), **config)

    return run


@pytest.fixture
def refused(watched, monkeypatch):
    """Runs a program that must be refused; what the person reads, and what was registered nevertheless."""

    def run(program, **config):
        declared = engine.Declared()
        monkeypatch.setattr(engine, "Declared", lambda: declared)
        with pytest.raises(pulumi.RunError) as error:
            watched(program, **config)
        return str(error.value), declared

    return run


@pytest.fixture
def real(monkeypatch):
    """As with a real engine, whose certificates are not made up."""
    monkeypatch.setattr(review, "is_mocked", lambda: False)


@pytest.fixture
def log(caplog):
    """What was logged at a level."""
    caplog.set_level(logging.INFO)
    return lambda level: "\n".join(r.getMessage() for r in caplog.records if r.levelname == level)


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
