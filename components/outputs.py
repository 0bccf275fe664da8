"""Many Outputs as one."""

from collections.abc import Mapping

import pulumi


def by_name(values: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[dict[str, str]]:
    """A mapping of Outputs as the Output of a mapping; a secret if one of them is."""
    names = list(values)
    return pulumi.Output.all(*values.values()).apply(lambda known: dict(zip(names, known, strict=True)))
