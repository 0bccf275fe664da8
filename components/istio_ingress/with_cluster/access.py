"""How a cluster is reached: as Pulumi's Kubernetes provider reaches it, so that both mean the same one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: What a provider is told about its cluster.
FIELDS = ("kubeconfig", "context", "cluster")


@dataclass(frozen=True)
class Access:
    """The words of a provider; without any, what `KUBECONFIG` or kubectl's own file says, as the provider does."""

    kubeconfig: str = field(default="", repr=False)
    """A file, or its contents."""
    context: str = ""
    cluster: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Access:
        """What a provider's arguments, or the configuration `kubernetes:…`, say."""
        return cls(**{name: str(told.get(name) or "") for name in FIELDS})

    @contextmanager
    def options(self) -> Iterator[list[str]]:
        """The options that make kubectl reach it. Contents are handed over in memory, and never on a disk."""
        named = [f"--{name}={value}" for name, value in (("context", self.context), ("cluster", self.cluster)) if value]
        if not self.kubeconfig:
            yield named
        elif _is_file(self.kubeconfig):
            yield [f"--kubeconfig={Path(self.kubeconfig).expanduser()}", *named]
        else:
            with _in_memory(self.kubeconfig) as file:
                yield [f"--kubeconfig={file}", *named]


def _is_file(text: str) -> bool:
    try:
        return "\n" not in text and Path(text).expanduser().is_file()
    except (OSError, RuntimeError):  # too long for a name; no home
        return False


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    if not hasattr(os, "memfd_create"):
        yield from _in_a_private_file(text)
        return
    descriptor = os.memfd_create("kubeconfig")
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/{os.getpid()}/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _in_a_private_file(text: str) -> Iterator[str]:
    import tempfile  # where there is no Linux

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kubeconfig")
        file.touch(mode=0o600)
        file.write_text(text)
        yield str(file)
