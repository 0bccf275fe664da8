"""One-layer OCI image archives, written without any tool."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

MEDIA_TYPE = "application/vnd.oci.image."
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write(archive: Path, reference: str, root: Path, *, entrypoint: list[str], user: str) -> None:
    """Pack a directory as an archive that `ctr images import` reads; same input, same bytes."""
    layer = _layer(root)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer)}"]},
        "config": {"Entrypoint": entrypoint, "User": user, "Env": [PATH]},
    }
    blobs: dict[str, bytes] = {}
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{MEDIA_TYPE}manifest.v1+json",
        "config": _blob(blobs, _json(config), "config.v1+json"),
        "layers": [_blob(blobs, layer, "layer.v1.tar")],
    }
    entry = _blob(blobs, _json(manifest), "manifest.v1+json") | {
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rsplit(":", 1)[1],
        },
    }
    index = {"schemaVersion": 2, "mediaType": f"{MEDIA_TYPE}index.v1+json", "manifests": [entry]}
    files = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index)}
    files |= {f"blobs/sha256/{digest}": content for digest, content in blobs.items()}
    with tarfile.open(archive, "w") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def _layer(root: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for entry in sorted(root.iterdir()):
            layer.add(entry, entry.name, filter=_normal)
    return buffer.getvalue()


def _normal(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.mtime = member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _blob(blobs: dict[str, bytes], content: bytes, kind: str) -> dict[str, object]:
    blobs[_digest(content)] = content
    return {"mediaType": MEDIA_TYPE + kind, "digest": f"sha256:{_digest(content)}", "size": len(content)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()
