"""`istio-ingress.toml` beside the manifests: settings, severities and waivers that a team keeps with them."""

from __future__ import annotations

import difflib
import glob
import os
import tomllib
from collections.abc import Iterable
from dataclasses import fields
from itertools import takewhile
from pathlib import Path

from istio_ingress.check.files import STANDARD_INPUT
from istio_ingress.rules import Settings

NAME = "istio-ingress.toml"
#: In the order of the page; each is called as the setting is.
_KNOWN = tuple(field.name for field in fields(Settings))


def find(words: Iterable[str]) -> Path | None:
    """The file that belongs to what a command line names: the nearest above each, the working directory at last.

    Raises:
        ValueError: two of them belong to different files.
    """
    near = {file.resolve(): file for word in words if (file := _nearest(word))}
    if len(near) > 1:
        one, other, *_ = near.values()
        raise ValueError(f"there are two files of settings, {one} and {other}; name the one that holds with --config")
    return next(iter(near.values()), None)


def read(file: Path) -> dict[str, object]:
    """What a file sets, by the names of `rules.Settings`.

    Raises:
        ValueError: it is not TOML, or sets what there is not.
        OSError: it cannot be read.
    """
    try:
        told = tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is not TOML: {error}") from None
    except RecursionError:
        raise ValueError(f"{file} is not read: it is nested too deeply") from None
    for name in told:
        if name not in _KNOWN:
            close = difflib.get_close_matches(name, _KNOWN, n=1)
            there_is = f"{close[0]!r} is one" if close else f"there are {', '.join(_KNOWN)}"
            raise ValueError(f"{file}: there is no setting {name!r}; {there_is}")
    return told


def passed_over(folders: Iterable[str], used: Path | None) -> list[Path]:
    """The files of settings in these folders that are not the one that holds."""
    files = (Path(folder) / NAME for folder in folders)
    return [file for file in files if file.is_file() and (used is None or not used.samefile(file))]


def spelled(file: Path) -> dict[str, str]:
    """How a sentence about a setting of the file names it."""
    return {name: f"{file}: {name}" for name in _KNOWN}


def _nearest(word: str) -> Path | None:
    """The file in the folder that a word names or is in, or the nearest above it within the working directory."""
    here = Path.cwd().resolve()
    place = here if word == STANDARD_INPUT else Path(os.path.realpath(here / _without_pattern(word)))
    folders = [place, *place.parents] if place.is_dir() else [*place.parents]
    inside = [folder for folder in folders if folder.is_relative_to(here)]
    found = next((folder / NAME for folder in inside or folders[:1] if (folder / NAME).is_file()), None)
    return found.relative_to(here) if found and inside else found


def _without_pattern(word: str) -> Path:
    """`shop/**/*.yaml` begins in `shop`."""
    return Path(*takewhile(lambda part: not glob.has_magic(part), Path(word).parts))
