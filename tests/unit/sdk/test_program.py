"""When a program has come to its end is learned once, whatever kind of program it is."""

import asyncio

import pulumi
import pytest
from pulumi.runtime.sync_await import _sync_await

from istio_ingress.preview import review
from istio_ingress.sdk import program
from tests.unit.sdk.conftest import Thing


def top_level():
    Thing("first")
    Thing("second")


def top_level_that_waits():
    Thing("first")
    _sync_await(asyncio.sleep(0.01))  # as an invoke does
    Thing("second")


async def inline():
    Thing("first")
    await asyncio.sleep(0.01)
    Thing("second")


def asynchronous_main():
    pulumi.run(inline)


def of_the_automation_api():
    return inline()


KINDS = [top_level, top_level_that_waits, of_the_automation_api]
if hasattr(pulumi, "run"):  # SDK 3.254 and newer
    KINDS.append(asynchronous_main)


@pytest.fixture
def ends(monkeypatch):
    """What had been declared when the end was told, each time that it was."""
    told = []
    end = review._Review._end

    def noted(self):
        told.append([thing for thing in ("first", "second") if thing in Thing.made])
        end(self)

    Thing.made = []
    init = Thing.__init__

    def make(self, name, value=None):
        Thing.made.append(name)
        init(self, name, value)

    monkeypatch.setattr(Thing, "__init__", make)
    monkeypatch.setattr(review._Review, "_end", noted)
    return told


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_is_told_once_when_all_is_declared(kind, run, ends, warnings):
    assert sorted(run(kind)) == ["first", "second"]
    assert ends == [["first", "second"]]
    assert warnings == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_program_that_fails_is_told_with_what_broke_it(kind, run, ends, monkeypatch):
    seen = []
    end = review._Review._end
    monkeypatch.setattr(review._Review, "_end", lambda self: end(self) or seen.append(self._failed))
    monkeypatch.setattr(Thing, "__init__", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(kind)
    assert [type(failed) for failed in seen] == [ZeroDivisionError]


def test_what_the_stack_exports_is_exported_as_if_nobody_had_looked(run, answers, monkeypatch):
    exported = {}
    monkeypatch.setattr(pulumi.runtime.stack.Stack, "register_outputs", lambda _, outputs: exported.update(outputs))

    def program():
        pulumi.export("host", "shop.example")
        pulumi.export("ports", {"https": 443})

    run(program)
    assert exported == {"host": "shop.example", "ports": {"https": 443}}


def test_a_component_first_used_after_the_end_does_not_keep_the_program_waiting(answers):
    def program():
        Thing("first").id.apply(lambda _: review.watch() or Thing("second"))

    asyncio.get_event_loop().run_until_complete(pulumi.runtime.run_in_stack(program))
    assert answers.registered == ["first", "second"]


def test_a_stack_without_outputs_is_warned_of_once_and_its_program_goes_on(run, warnings, monkeypatch):
    monkeypatch.setattr(program, "tell_end", without_outputs(program.tell_end))
    assert sorted(run(top_level)) == ["first", "second"]
    assert len(warnings) == 1
    assert "Stack.outputs" in warnings[0]


def without_outputs(tell_end):
    class Rootless:
        """A stack of an SDK whose stacks have no such attribute."""

    return lambda _, told: tell_end(Rootless(), told)


def test_an_sdk_that_tells_nothing_of_the_end_is_warned_of_once(warnings, monkeypatch):
    monkeypatch.setattr(program, "is_mocked", lambda: False)

    async def ask():
        return [program.has_ended(object()), program.has_ended(object())]

    assert asyncio.run(ask()) == [False, False]
    assert len(warnings) == 1


def test_a_stack_without_children_is_warned_of_and_taken_for_new(warnings):
    assert not program.has_declared(object())
    assert len(warnings) == 1
