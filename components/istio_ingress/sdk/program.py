"""When a program has come to its end, of whatever kind it is.

A program's top-level code, an `async` main (`pulumi.run`) and an inline program of the Automation API end alike: the
SDK reads what the stack exports, once, to register it. So a mapping that tells when it is read tells the end, and no
call of the SDK has to be replaced or looked at.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pulumi

from .engine import is_mocked
from .missing import missing

_LATE = "mistakes may be found only after resources have been registered"


def tell_end(root: pulumi.Resource, told: Callable[[], None]) -> bool:
    """Call `told` when the program of this stack has come to its end, failed or not; False where nobody can tell."""
    exports = getattr(root, "outputs", None)
    if type(exports) is not dict:
        missing("Stack.outputs", _LATE)
        return False
    root.outputs = _Exports(root, exports, told)  # type: ignore[attr-defined]
    return True


def has_ended(root: pulumi.Resource) -> bool:
    """Whether the program of this stack has ended already, as it has where a resource is made inside `.apply`."""
    registered = getattr(root, "_outputs_registered", None)  # SDK 3.254 and newer
    if registered is not None:
        return bool(registered)
    coroutines: list[Any] = [task.get_coro() for task in asyncio.all_tasks(asyncio.get_event_loop())]
    running = [one.cr_running for one in coroutines if getattr(one, "__name__", "") == "run_in_stack"]
    if running:
        return not any(running)  # before 3.254 a program runs inside of this coroutine, which then waits
    if not is_mocked():
        missing("Stack._outputs_registered", _LATE)
    return is_mocked()


def has_declared(root: pulumi.Resource) -> bool:
    """Whether the program of this stack has declared anything so far."""
    children = getattr(root, "_childResources", None)
    if children is None:
        missing("Resource._childResources", "what stands before the first component may be reported as not there")
    return bool(children)


def is_remote(resource: pulumi.Resource) -> bool:
    """Whether the engine makes a component's children, so that the program does not see them."""
    remote = getattr(resource, "_remote", None)
    if remote is None and isinstance(resource, pulumi.ComponentResource):
        missing("ComponentResource._remote", "what a component in another language makes may be reported as not there")
    return bool(remote)


def see_last(resource: pulumi.Resource, transformation: Callable[[Any], Any]) -> None:
    """Have a transformation, called from within a resource's construction, called again after all others."""
    chain = getattr(resource, "_transformations", None)
    if chain is None:
        missing("Resource._transformations", "what transformations change that are registered later is judged late")
    elif chain[-1] is not transformation:
        chain.append(transformation)  # the SDK is walking along this list


class _Exports(dict[str, Any]):
    """What a stack exports."""

    def __init__(self, root: pulumi.Resource, exports: dict[str, Any], told: Callable[[], None]) -> None:
        super().__init__(exports)
        self._root, self._told = root, told

    def __iter__(self) -> Iterator[str]:
        self._end()
        return super().__iter__()

    def items(self) -> Any:
        self._end()
        return super().items()

    def _end(self) -> None:
        if self._root.outputs is self:  # type: ignore[attr-defined]
            self._root.outputs = dict(super().items())
            self._told()
