"""Files out of PyPI wheels, pinned by hash."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import zipfile
from pathlib import Path

from lab.cache import artifact, key_of
from lab.errors import LabError
from lab.parts.catalog import Wheel


def key(wheel: Wheel) -> str:
    """What is taken out of which wheel."""
    return key_of(dataclasses.asdict(wheel))


def build(wheel: Wheel, cache: Path, log: Path) -> Path:
    """The directory with the wheel's files, downloaded unless the cache holds it.

    Raises:
        LabError: pip could not fetch it, or its hash is another.
    """
    return artifact(cache, f"wheel-{wheel.name}", key(wheel), lambda scratch: _extract(wheel, scratch, log))


def _extract(wheel: Wheel, scratch: Path, log: Path) -> None:
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--require-hashes",
        "-r",
        str(requirements),
        "-d",
        str(scratch),
    ]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        if subprocess.run(command, stdout=output, stderr=output, check=False).returncode != 0:
            raise LabError(f"pip could not download {wheel.requirement}.", log=log)
    archive = next(scratch.glob("*.whl"))
    with zipfile.ZipFile(archive) as packed:
        for file in wheel.files:
            target = scratch / Path(file).name
            target.write_bytes(packed.read(file))
            target.chmod(0o755)
    archive.unlink()
    requirements.unlink()
