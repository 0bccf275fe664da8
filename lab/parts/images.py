"""The cluster's images, assembled from Debian files and our own binaries."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab.cache import artifact, key_of
from lab.parts import oci
from lab.parts.catalog import HERE, Image

APPLETS = ("sh", "ls", "cat", "env", "sleep", "wget")
ARCHIVE = "image.tar"


def build(image: Image, inputs: Mapping[str, Path], debian: Mapping[str, Path], cache: Path) -> Path:
    """The image's OCI archive, made unless the cache holds it. `inputs` are directories of binaries by part."""
    used = [
        inputs[part].name for part in sorted({*image.binaries, *(p for files in image.files.values() for p in files)})
    ]
    base = debian[image.debian].name if image.debian else ""
    key = key_of(
        dataclasses.asdict(image),
        used,
        base,
        HERE / "parts" / "oci.py",
        HERE / "parts" / "images.py",
        HERE / "config" / "image",
    )
    name = "image-" + image.reference.replace("/", "-").replace(":", "-")
    return artifact(cache, name, key, lambda scratch: _assemble(image, inputs, debian, scratch)) / ARCHIVE


def _assemble(image: Image, inputs: Mapping[str, Path], debian: Mapping[str, Path], scratch: Path) -> None:
    root = scratch / "root"
    if image.debian:
        shutil.copytree(debian[image.debian] / "root", root, symlinks=True)
        for applet in APPLETS:
            if not (root / "usr/bin" / applet).exists():
                (root / "usr/bin" / applet).symlink_to("busybox")
    for directory in ("tmp", "etc", "usr/local/bin", "run", *image.directories):
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    for account_file in (HERE / "config" / "image").iterdir():
        shutil.copyfile(account_file, root / "etc" / account_file.name)
    for part, names in image.binaries.items():
        for name in names:
            shutil.copy(inputs[part] / name, root / "usr/local/bin" / name)
    for target, source in image.files.items():
        ((part, name),) = source.items()
        (root / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(inputs[part] / name, root / target)
    for directory in image.directories:
        (root / directory).chmod(0o777)
    for link, target in image.links.items():
        (root / link).unlink(missing_ok=True)
        (root / link).symlink_to(target)
    oci.write(scratch / ARCHIVE, image.reference, root, entrypoint=image.entrypoint, user=image.user)
    shutil.rmtree(root)
