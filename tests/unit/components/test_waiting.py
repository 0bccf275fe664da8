"""The end of a program is waited for in a few rounds; whatever it declared, and whatever failed, is waited for."""

import asyncio

import pulumi
import pytest
from pulumi.runtime import mocks, run_in_stack, settings, stack

from components import review
from components.waiting import wait_in_bulk


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
    monkeypatch.setattr(stack, "_wait_for_shutdown", lambda: asyncio.sleep(0))
    yield answers
    loop.close()
    asyncio.set_event_loop(asyncio.new_event_loop())
    settings.set_root_resource(None)


@pytest.fixture
def run(answers):
    """Runs a program as the language host does; what it registered."""

    def run(program):
        asyncio.get_event_loop().run_until_complete(run_in_stack(lambda: review.watch() or program()))
        return answers.registered

    return run


@pytest.fixture
def rounds(answers, monkeypatch):
    """Lets the SDK wait for outputs that settle one after the other; in how many rounds it did."""

    def rounds(outputs, in_bulk):
        waited = []
        wait = asyncio.wait

        async def counted(*args, **options):
            waited.append(args)
            return await wait(*args, **options)

        async def settle(turns):
            for _ in range(turns):
                await asyncio.sleep(0)

        async def program():
            await stack.wait_for_rpcs()  # what the mocks began with
            waited.clear()
            made = [pulumi.Output.from_input(settle(2 * number)) for number in range(outputs)]
            if in_bulk:
                wait_in_bulk()
            await stack.wait_for_rpcs()
            return made

        monkeypatch.setattr(asyncio, "wait", counted)
        asyncio.get_event_loop().run_until_complete(program())
        return len(waited)

    return rounds


def test_the_number_of_rounds_does_not_grow_with_the_outputs(rounds):
    assert rounds(100, in_bulk=False) > 50, "the SDK no longer needs this"
    assert rounds(100, in_bulk=True) == rounds(10, in_bulk=True) <= 3


def test_a_program_is_waited_for_in_bulk(run, monkeypatch):
    asked = []
    monkeypatch.setattr(review, "wait_in_bulk", lambda: asked.append(True))
    run(lambda: Thing("first") and None)
    assert asked == [True]


def test_what_is_declared_while_the_end_is_waited_for_is_waited_for_too(run):
    def program():
        Thing("first").id.apply(lambda _: Thing("second").id.apply(lambda _: Thing("third")))

    assert run(program) == ["first", "second", "third"]


def test_a_failure_ends_the_program_before_what_takes_longer(run):
    never = None

    def program():
        nonlocal never
        never = asyncio.get_event_loop().create_future()
        Thing("waits", pulumi.Output.from_input(never))
        Thing("fails", pulumi.Output.from_input("").apply(lambda _: 1 / 0))

    with pytest.raises(ZeroDivisionError):
        run(program)
    assert not never.done()
