"""What an Output holds."""

from typing import Any

import pulumi

from .missing import missing

UNKNOWN = pulumi.UNKNOWN
"""Stands for a value that this preview does not know."""


def is_unknown(value: object) -> bool:
    """Whether a value is one that this preview does not know."""
    return isinstance(value, type(UNKNOWN))


async def value_of(output: "pulumi.Output[Any]") -> Any:
    """The value of an Output once it has one; what is not known in it, or as a whole, is `UNKNOWN`."""
    try:
        value = await output.future(with_unknowns=True)
        return UNKNOWN if value is None and not await output.is_known() else value
    except AttributeError as gone:
        if gone.obj is not output:
            raise
        missing(f"Output.{gone.name}", "what becomes known only during an update is not judged")
        return UNKNOWN
