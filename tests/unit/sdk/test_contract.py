"""The private names of Pulumi's SDK that `istio_ingress.sdk` stands on: a failure here names what has changed."""

import inspect

import pulumi
import pytest
from pulumi.runtime import mocks, settings, stack

NAMES = {
    "settings.SETTINGS.rpc_manager.rpcs: a list of awaitables": lambda: isinstance(
        settings.SETTINGS.rpc_manager.rpcs, list
    ),
    "settings.SETTINGS.outputs: a set of futures": lambda: isinstance(settings.SETTINGS.outputs, set),
    "settings.SETTINGS.lock: guards it": lambda: hasattr(settings.SETTINGS.lock, "acquire"),
    "settings.get_monitor: the connection": lambda: callable(settings.get_monitor),
    "mocks.MockMonitor: the connection in unit tests": lambda: inspect.isclass(mocks.MockMonitor),
    "Stack.outputs: what is exported": lambda: "outputs" in stack.Stack.__annotations__,
    "massage: goes through a mapping by its keys": lambda: (
        "for key in attr" in inspect.getsource(stack.massage_complex)
    ),
    "Resource._childResources: what it is parent of": lambda: (
        "_childResources" in pulumi.Resource.__annotations__ or "_childResources" in inspect.getsource(pulumi.Resource)
    ),
    "Output.future(with_unknowns): its value": lambda: (
        "with_unknowns" in inspect.signature(pulumi.Output.future).parameters
    ),
    "Output.is_known": lambda: callable(pulumi.Output.is_known),
    "pulumi.log.debug": lambda: callable(pulumi.log.debug),
    "a stack tells that its outputs are registered, or runs its program while it is made": lambda: (
        "_outputs_registered" in inspect.getsource(stack.Stack)
        or "run_in_stack" in {name for name, _ in inspect.getmembers(stack, inspect.iscoroutinefunction)}
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_sdk_still_has(name):
    assert NAMES[name](), f"Pulumi's SDK has changed: {name}"
