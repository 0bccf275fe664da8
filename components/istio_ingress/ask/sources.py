"""Where the manifests come from that a request is walked through."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.check import files
from istio_ingress.live import world as live
from istio_ingress.terminal import CommandError
from istio_ingress.topology.preview import Planned
from istio_ingress.walk import Knowledge, World


@dataclass(frozen=True)
class Source:
    """The manifests, and where they are from."""

    world: World
    name: str


def from_files(words: Sequence[str], knowledge: Knowledge) -> Source:
    """The manifests of files, of all that is in folders, and of standard input for `-`.

    Raises:
        CommandError: a file that is named cannot be read.
    """
    found = files.read(words)
    for one in found.unreadable:
        if one.name in words or not found.manifests:
            raise CommandError(one)
        terminal.note(one)
    return Source(World(found.manifests, knowledge), ", ".join(words))


def from_preview(name: str, knowledge: Knowledge) -> Source:
    """What `pulumi preview --json --show-sames` printed.

    Raises:
        CommandError: it is something else.
    """
    planned = Planned.read(_text(name))
    for gap in planned.gaps():
        terminal.note(gap)
    return Source(World(planned.manifests, knowledge), "the preview")


def from_cluster(knowledge: Knowledge) -> Source:
    """The objects of the cluster that kubectl's current context names.

    Raises:
        CommandError: it does not answer, or does not show its Gateways.
    """
    world, found = live.whole(knowledge, terminal.note)
    return Source(world, f"the cluster, {found.server}")


def _text(name: str) -> str:
    shown = "standard input" if name == "-" else name
    try:
        if name != "-":
            return Path(name).read_text("utf-8-sig")
        if sys.stdin is None:
            raise CommandError("there is no standard input; name a file.")
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"cannot read {shown}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"cannot read {shown}: it is not UTF-8 text.") from None
