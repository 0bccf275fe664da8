"""The files `Pulumi.<stack>.yaml` beside the project: a stack without one is a name that somebody mistyped."""

from __future__ import annotations

from pathlib import Path

from istio_ingress.terminal import CommandError


def refuse_without_file(stack: str, folder: Path) -> None:
    """A stack of that name would be made of defaults alone, and take over the hosts of the one that was meant.

    Args:
        stack: its name, or `organization/project/stack`.
        folder: where the project is.

    Raises:
        CommandError: it has no file; the sentence has the names that have one.
    """
    name = stack.rpartition("/")[2]
    known = sorted(file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in folder.glob("Pulumi.*.yaml"))
    if name not in known:
        raise CommandError(
            f"there is no Pulumi.{name}.yaml, so {name!r} is no stack of this project; there are: "
            f"{', '.join(known) or 'none'}. An empty file makes a stack with the defaults: `touch Pulumi.{name}.yaml`."
        )
