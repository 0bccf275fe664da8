"""Functions of the program that the engine calls while it works."""

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor


def before_update(name: str, hook: pulumi.ResourceHookFunction) -> pulumi.ResourceHookBinding | None:
    """Have the engine call `hook` where it is about to update a resource, in previews too.

    There is nobody to call in a unit test: with `pulumi.runtime.set_mocks` the SDK says that hooks are supported, and
    ends the program where one is registered.
    """
    if isinstance(get_monitor(), MockMonitor):
        return None
    registered = pulumi.ResourceHook(name, hook, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[registered])
