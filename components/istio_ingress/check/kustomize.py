"""Which files are patches of Kustomize: what they leave out stands in the manifests that they change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from istio_ingress.check import documents, reading
from istio_ingress.check.documents import UnreadableFileError

#: The names that Kustomize looks for.
_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
#: Fields that list patches; an entry is a file's name, a mapping with its `path`, or the patch itself.
_FIELDS = ("patches", "patchesStrategicMerge", "patchesJson6902")


def is_patch(file: str) -> bool:
    """Whether the kustomization of its folder, or of one above it, names a file as a patch."""
    real = Path(os.path.realpath(file))
    return any(real in _patches(folder) for folder in real.parents)


@cache
def _patches(folder: Path) -> frozenset[Path]:
    return frozenset(
        Path(os.path.realpath(folder / one)) for name in _NAMES for one in _named(folder / name) if "\n" not in one
    )


def _named(kustomization: Path) -> Iterator[str]:
    try:
        read = list(documents.read(reading.text_of(kustomization.read_bytes())))
    except (OSError, UnreadableFileError):
        return  # that it cannot be read is said where the file itself is read
    for value in (document.value for document in read if isinstance(document.value, Mapping)):
        for entry in (entry for field in _FIELDS for entry in _list(value.get(field))):
            path = entry.get("path") if isinstance(entry, Mapping) else entry
            if isinstance(path, str):
                yield path


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
