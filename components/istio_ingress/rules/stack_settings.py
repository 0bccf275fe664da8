"""The settings that a stack's own configuration holds, in whatever project: `istio-ingress:waivers` and its like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

NAMESPACE = "istio-ingress"
_SETTINGS = ("production", "expiry_days", "istio_version", "severities", "waivers")
#: What stacks may still call one of them.
_FORMER = {"expiry_days": "certificate_due_days"}


class Told(NamedTuple):
    """What `Settings.of` takes."""

    values: Mapping[str, object]
    spelled: Mapping[str, str]


def read(get: Callable[[str], object]) -> Told:
    """Ask for every setting.

    Args:
        get: The value of a key, such as `waivers`, of the namespace `istio-ingress`; None or "" where it is not set.
    """
    former = {name: key for name, key in _FORMER.items() if get(key) not in (None, "")}
    keys = {name: former.get(name, name) for name in _SETTINGS}
    return Told(
        {name: get(key) for name, key in keys.items()}, {name: f"{NAMESPACE}:{key}" for name, key in keys.items()}
    )
