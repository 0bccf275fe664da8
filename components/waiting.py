"""A program's end is waited for in time that grows with its resources, not with their square.

The Python SDK (seen in 3.246.0) waits for "the first of all pending outputs", and for that looks at every one of them
anew each time one settles: at 1,500 resources that is half of the program's work, at 5,000 most of it.
"""

import asyncio
from typing import Any, cast

from pulumi.runtime.settings import SETTINGS, _get_rpc_manager

_Pending = asyncio.Future[Any]


def wait_in_bulk() -> None:
    """Let the SDK wait for one thing, which settles when all else has, or fails with the first that fails.

    To be called when the program has declared everything: the SDK then begins to wait.
    """
    _get_rpc_manager().rpcs.append(asyncio.ensure_future(_all_settled()))


async def _all_settled() -> None:
    while pending := _take():
        done, _ = await asyncio.wait(pending, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()


def _take() -> list[_Pending]:
    """All that is pending; of the registrations the SDK is left this task, where it stands among them."""
    rpcs = cast("list[_Pending]", _get_rpc_manager().rpcs)
    me = asyncio.current_task()
    registrations = [rpc for rpc in rpcs if rpc is not me]
    rpcs[:] = [rpc for rpc in rpcs if rpc is me]
    with SETTINGS.lock:
        return [*registrations, *SETTINGS.outputs]
