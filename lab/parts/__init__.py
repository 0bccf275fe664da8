"""What the lab is made of, and how each part is built into the cache."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lab.cache import key_of
from lab.parts import debian, golang, images, wheels
from lab.parts.catalog import HERE, PULUMI_PARTS, Catalog, load
from lab.progress import Progress

# Two at a time: while one links on a single core, the other compiles.
BUILDS_AT_ONCE = 2
# The longest first, so that none of them is left to run alone at the end.
GO_ORDER = (
    "provider-kubernetes",
    "istio",
    "kubernetes",
    "pulumi",
    "provider-tls",
    "coredns",
    "httpbin",
    "own",
)


# Programs of the node and of images that Debian packages bring: set and package.
DEBIAN_PROGRAMS = {
    "containerd": ("node", "containerd"),
    "containerd-shim-runc-v2": ("node", "containerd"),
    "etcd": ("node", "etcd-server"),
    "nginx": ("nginx", "nginx"),
}


@dataclass(frozen=True)
class Parts:
    """Directories of built parts, by name."""

    binaries: dict[str, Path]
    """Go modules and wheels: a directory of executables each."""
    debian: dict[str, Path]
    images: dict[str, Path]
    """Image reference to OCI archive."""

    def executable(self, part: str, name: str) -> Path:
        """One binary of one part."""
        return self.binaries[part] / name


def fingerprint() -> str:
    """What a lab of this checkout is made of and configured with."""
    return key_of(*(HERE / name for name in ("parts.toml", "go", "config")))


def versions(built: Parts) -> dict[str, str]:
    """Executable to version, of everything that has one."""
    catalog = load()
    of_part = {name: part.version for name, part in (catalog.go | catalog.wheels).items()}
    executables = {file.name: of_part[part] for part, home in built.binaries.items() for file in home.iterdir()}
    unpacked = {
        name: debian.versions(built.debian[packages])[package] for name, (packages, package) in DEBIAN_PROGRAMS.items()
    }
    return {name: version for name, version in (executables | unpacked).items() if version}


def build_all(cache: Path, progress: Progress, *, with_pulumi: bool) -> Parts:
    """Build what the cache does not hold yet.

    Args:
        cache: the directory all clones share.
        progress: told of every part that has to be built.
        with_pulumi: False where the person's own Pulumi and plugins are used.

    Raises:
        LabError: a part could not be built; it names the log.
    """
    catalog = load()
    logs = cache / "logs"
    jobs: dict[str, Callable[[], Path]] = {}
    for name in GO_ORDER:
        if with_pulumi or name not in PULUMI_PARTS:
            jobs[f"go {name}"] = partial(golang.build, catalog.go[name], cache, logs / f"build-{name}.log")
    for name, wheel in catalog.wheels.items():
        jobs[f"wheel {name}"] = partial(wheels.build, wheel, cache, logs / f"wheel-{name}.log")
    for name, packages in catalog.debian.items():
        jobs[f"debian {name}"] = partial(debian.build, packages, cache, logs / f"debian-{name}.log")
    built = _run_all(jobs, progress)
    binaries = {name.split(" ", 1)[1]: path for name, path in built.items() if not name.startswith("debian ")}
    roots = {name.split(" ", 1)[1]: path for name, path in built.items() if name.startswith("debian ")}
    return Parts(binaries=binaries, debian=roots, images=_images(catalog, binaries, roots, cache, progress))


def _images(
    catalog: Catalog, binaries: dict[str, Path], roots: dict[str, Path], cache: Path, progress: Progress
) -> dict[str, Path]:
    jobs: dict[str, Callable[[], Path]] = {
        f"image {reference}": partial(images.build, image, binaries, roots, cache)
        for reference, image in catalog.images.items()
    }
    return {name.split(" ", 1)[1]: path for name, path in _run_all(jobs, progress).items()}


def _run_all(jobs: dict[str, Callable[[], Path]], progress: Progress) -> dict[str, Path]:
    def timed(name: str) -> Path:
        with progress.step(name, quiet_below=1.0):
            return jobs[name]()

    with ThreadPoolExecutor(BUILDS_AT_ONCE) as pool:
        futures = {name: pool.submit(timed, name) for name in jobs}
        try:
            return {name: future.result() for name, future in futures.items()}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
