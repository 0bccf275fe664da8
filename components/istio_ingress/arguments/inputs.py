"""Texts of a program that may only become known during the update."""

from collections.abc import Callable

import pulumi


def computed(make: Callable[..., str], *texts: pulumi.Input[str]) -> pulumi.Input[str]:
    """What a function makes of texts: a text where all of them are known, which the checks can read, else an Output."""
    if all(isinstance(text, str) for text in texts):
        return make(*texts)
    return pulumi.Output.all(*texts).apply(lambda known: make(*map(str, known)))
