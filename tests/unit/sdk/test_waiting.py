"""The end of a program is waited for in a few rounds; whatever it declared, and whatever failed, is waited for."""

import asyncio

import pulumi
import pytest
from pulumi.runtime import stack

from istio_ingress.preview import review
from istio_ingress.sdk import waiting
from istio_ingress.sdk.waiting import wait_in_bulk
from tests.unit.sdk.conftest import Thing


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


@pytest.mark.parametrize("name", ["rpc_manager", "outputs", "lock"])
def test_without_a_name_of_the_sdk_a_program_is_waited_for_as_the_sdk_does(name, run, warnings, monkeypatch):
    class Fewer:
        """The settings of an SDK that has one name less."""

        def __getattr__(self, asked):
            if asked == name:
                raise AttributeError(f"no {asked}", name=asked, obj=self)
            return getattr(stack.SETTINGS, asked)

    monkeypatch.setattr(waiting, "settings", type("Module", (), {"SETTINGS": Fewer()}))

    def program():
        Thing("first")
        Thing("second")

    assert sorted(run(program)) == ["first", "second"]
    assert len(warnings) == 1
    assert name in warnings[0]
