"""Functions of the program that the engine calls while it works."""

from itertools import count

import pulumi

from .engine import is_mocked

_numbers = count()


def before_update(name: str, hook: pulumi.ResourceHookFunction) -> pulumi.ResourceHookBinding | None:
    """Have the engine call `hook` where it is about to update a resource, in previews too.

    There is nobody to call in a unit test: with `pulumi.runtime.set_mocks` the SDK says that hooks are supported, and
    ends the program where one is registered.
    """
    if is_mocked():
        return None
    # The engine knows hooks by name in the whole program, where two components of one name are two resources.
    registered = pulumi.ResourceHook(f"{name}-{next(_numbers)}", hook, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[registered])
