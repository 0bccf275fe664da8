"""Programs run as the language host runs them, against an engine that writes down."""

import asyncio

import pulumi
import pytest
from pulumi.runtime import mocks, run_in_stack, settings, stack

from istio_ingress.preview import review
from istio_ingress.sdk import missing


class Thing(pulumi.CustomResource):
    """A resource of no provider in particular."""

    def __init__(self, name, value=None):
        super().__init__("test:index:Thing", name, {"value": value})


class Answers(pulumi.runtime.Mocks):
    """Writes down what is registered."""

    def __init__(self):
        self.registered = []

    def new_resource(self, args):
        self.registered.append(args.name)
        return f"{args.name}-id", args.inputs

    def call(self, args):
        return {}


@pytest.fixture
def answers(monkeypatch):
    """An engine that writes down, with an event loop of its own."""
    answers, loop = Answers(), asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(answers, "test", "test", preview=False)
    settings.set_root_resource(None)
    settings.SETTINGS.outputs.clear()  # of a test that failed on purpose
    monkeypatch.setattr(stack, "_wait_for_shutdown", lambda: asyncio.sleep(0))
    yield answers
    loop.close()
    asyncio.set_event_loop(asyncio.new_event_loop())
    settings.set_root_resource(None)


@pytest.fixture
def run(answers):
    """Runs a program; what it registered."""

    def run(program):
        asyncio.get_event_loop().run_until_complete(run_in_stack(lambda: review.watch() or program()))
        return answers.registered

    return run


@pytest.fixture
def warnings(monkeypatch):
    """What is said of names that the SDK has no more."""
    said = []
    monkeypatch.setattr(missing, "_said", set())
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said
