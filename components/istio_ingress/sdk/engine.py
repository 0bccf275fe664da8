"""The engine that the program talks to."""

from typing import Any

from pulumi.runtime import mocks, settings


def monitor() -> Any:
    """The connection on which resources are registered: another one in each program, None outside of any."""
    return settings.get_monitor()


def is_mocked() -> bool:
    """Whether this is a unit test with `pulumi.runtime.set_mocks`, whose certificates are made up."""
    return isinstance(monitor(), mocks.MockMonitor)
