"""Built things, kept outside the tree under a key made from what goes in."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def key_of(*inputs: object) -> str:
    """A short digest of anything JSON can write; paths stand for the content of the files below them."""
    digest = hashlib.sha256()
    for item in inputs:
        if isinstance(item, Path):
            for file in sorted(path for path in item.rglob("*") if path.is_file()) if item.is_dir() else [item]:
                digest.update(str(file.relative_to(item)).encode() + b"\0" + file.read_bytes() + b"\0")
        else:
            digest.update(json.dumps(item, sort_keys=True).encode() + b"\0")
    return digest.hexdigest()[:16]


def artifact(cache: Path, name: str, key: str, build: Callable[[Path], None]) -> Path:
    """The directory that `build` fills, made once a key and moved into place whole.

    A build killed in the middle leaves only a scratch directory of its own: compilers that it started may write there
    for a while yet, and the next build uses another and clears what it can.
    """
    final = cache / "parts" / f"{name}-{key}"
    if final.exists():
        return final
    with locked(cache / "locks" / f"{name}.lock", f"another build of {name}"):
        if final.exists():
            return final
        for left in (cache / "scratch").glob(f"{name}.*"):
            shutil.rmtree(left, ignore_errors=True)
        scratch = cache / "scratch" / f"{name}.{os.getpid()}"
        scratch.mkdir(parents=True)
        build(scratch)
        final.parent.mkdir(parents=True, exist_ok=True)
        scratch.rename(final)
    return final


@contextmanager
def locked(lock: Path, holder: str) -> Iterator[None]:
    """Hold a lock that dies with this process; say so when somebody else has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            print(f"  waiting for {holder} (process {handle.read().strip() or 'unknown'})", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def remove(directory: Path) -> None:
    """Delete a tree, also one with directories that forbid writing (Go's module cache makes such)."""
    if not directory.exists():
        return
    for path in [directory, *(entry for entry in directory.rglob("*") if entry.is_dir() and not entry.is_symlink())]:
        path.chmod(0o755)
    shutil.rmtree(directory)
