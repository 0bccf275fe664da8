"""A program's end is waited for in time that grows with its resources, not with their square.

The Python SDK (seen in 3.246.0 and 3.272.0) waits for "the first of all pending outputs", and for that looks at every
one of them anew each time one settles: at 1,500 resources that is half of the program's work, at 5,000 most of it.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

from pulumi.runtime import settings

from .missing import missing

_Pending = asyncio.Future[Any]


def wait_in_bulk() -> None:
    """Let the SDK wait for one thing, which settles when all else has, or fails with the first that fails.

    To be called when the program has declared everything: the SDK then begins to wait.
    """
    try:
        _take()
    except AttributeError as gone:
        missing(str(gone.name), "a program with many resources takes longer")
    else:
        _rpcs().append(asyncio.ensure_future(_all_settled()))


def wait_for(awaitable: Awaitable[Any]) -> None:
    """Have a component plugin finish a construction only when this has settled, and fail where it fails."""
    task = asyncio.ensure_future(awaitable)
    try:
        _rpcs().append(task)
    except AttributeError as gone:
        missing(str(gone.name), "what becomes known late in a component plugin is not judged")


async def _all_settled() -> None:
    while pending := _take(asyncio.current_task()):
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()


def _take(me: "asyncio.Task[Any] | None" = None) -> list[_Pending]:
    """All that is pending; of the registrations the SDK is left this task, where it stands among them."""
    rpcs = _rpcs()
    with settings.SETTINGS.lock:
        outputs = list(settings.SETTINGS.outputs)
    if me is None:
        return outputs
    registrations = [rpc for rpc in rpcs if rpc is not me]
    rpcs[:] = [rpc for rpc in rpcs if rpc is me]
    return [*registrations, *outputs]


def _rpcs() -> list[_Pending]:
    return cast("list[_Pending]", settings.SETTINGS.rpc_manager.rpcs)
