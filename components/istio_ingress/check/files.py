"""The files that the words of a command line name: files, folders, patterns, standard input."""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from istio_ingress import terminal
from istio_ingress.check import kustomize, reading
from istio_ingress.check.documents import UnreadableFileError
from istio_ingress.pulumi_preview import FAILED
from istio_ingress.rules.values import Manifest
from istio_ingress.terminal import CommandError
from istio_ingress.with_cluster import planned
from istio_ingress.with_cluster.planned import PlannedCluster

STANDARD_INPUT = "-"
_ENDINGS = (".yaml", ".yml", ".json")
#: What only tools read, and what is not the folder's own.
_PASSED_OVER = re.compile(r"\..|node_modules$|__pycache__$")
#: Every manifest says one of them, so a file found in a folder that says neither is another program's.
_SAID = ("apiVersion", "kind")


@dataclass
class Unreadable:
    """A file that is not judged, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"cannot read {self.name}: {self.reason}"


@dataclass
class Found:
    """What the files hold."""

    manifests: list[Manifest] = field(default_factory=list)
    patches: int = 0
    """How many files are patches of Kustomize, which are no manifests."""
    unreadable: list[Unreadable] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Those that were looked through."""
    planned: list[PlannedCluster] = field(default_factory=list)
    """What previews plan, whose manifests are among the others too."""


def read(words: Iterable[str]) -> Found:
    """Read every file once, and go on where one cannot be read."""
    found, seen = Found(), set()
    for word in words:
        for name, in_a_folder in _named(word, found):
            if (real := name if name == STANDARD_INPUT else os.path.realpath(name)) not in seen:
                seen.add(real)
                _read(name, found, in_a_folder=in_a_folder)
    return found


def _named(word: str, found: Found) -> Iterator[tuple[str, bool]]:
    """The files that a word means, and whether only their folder was named."""
    path = Path(word)
    if not word:
        raise CommandError("a FILE is empty text; `.` is the folder that you are in.")
    if word == STANDARD_INPUT or (path.exists() and not path.is_dir()):
        yield word, False
    elif path.is_dir():
        yield from ((name, True) for name in _below(word, found))
    elif glob.has_magic(word):
        matching = sorted(glob.glob(word, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern
        if not matching:
            found.unreadable.append(Unreadable(word, "no file matches"))
        for name in matching:
            yield from ((one, True) for one in _below(name, found)) if Path(name).is_dir() else [(name, False)]
    else:
        yield word, False


def _below(folder: str, found: Found) -> Iterator[str]:
    def is_closed(error: OSError) -> None:
        found.unreadable.append(Unreadable(str(error.filename), str(error.strerror)))

    for place, folders, names in os.walk(folder, onerror=is_closed):
        found.folders.append(place)
        folders[:] = sorted(name for name in folders if not _PASSED_OVER.match(name))
        files = (Path(place, name) for name in sorted(names) if name.endswith(_ENDINGS))
        yield from (str(file) for file in files if file.is_file() or not file.exists())  # a pipe would never end


def _read(file: str, found: Found, *, in_a_folder: bool) -> None:
    name = "standard input" if file == STANDARD_INPUT else file
    try:
        text = reading.text_of(_standard_input() if file == STANDARD_INPUT else Path(file).read_bytes())
        plan = planned.read(text) if planned.is_preview(text) else None
        if file != STANDARD_INPUT and kustomize.is_patch(file):
            found.patches += 1
        elif plan is not None:
            if plan.has_failed:
                terminal.note(f"{name}: {FAILED}.")
            found.planned += plan.clusters
            found.manifests += [one for cluster in plan.clusters for one in cluster.manifests]
        elif not in_a_folder or any(word in text for word in _SAID):
            found.manifests += reading.manifests(text, name)
    except OSError as error:
        found.unreadable.append(Unreadable(name, str(error.strerror)))
    except UnreadableFileError as error:
        found.unreadable.append(Unreadable(name, str(error)))


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise CommandError("there is no standard input; name a file.")
    if sys.stdin.isatty():
        terminal.note("manifests are read from standard input; Ctrl-D ends it.")
    return sys.stdin.buffer.read()
