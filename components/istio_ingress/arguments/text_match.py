"""How a text of a request is compared."""

from typing import NotRequired, TypedDict

import pulumi


class TextMatch(TypedDict):
    """What a text must be: exactly one of the fields."""

    exact: NotRequired[pulumi.Input[str]]
    """This text, in upper and lower case as it is written."""

    prefix: NotRequired[pulumi.Input[str]]
    """A text that begins with this one."""

    regex: NotRequired[pulumi.Input[str]]
    """A text that this expression (RE2) matches from its first letter to its last."""

    present: NotRequired[bool]
    """True: any text at all. For headers and query parameters."""

    absent: NotRequired[bool]
    """True: there is none. For headers and query parameters."""
