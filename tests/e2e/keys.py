"""The private keys of a stack, and every place where Pulumi might have let one slip."""

from __future__ import annotations

import base64
import re
import threading
from pathlib import Path
from types import TracebackType

from tests.e2e.stacks import Stack

PEM_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{100,}={0,2}")


def private_keys(stack: Stack) -> set[str]:
    """Every private key (PEM) of the stack, taken out of its decrypted state: plain, and as Secrets hold it.

    pulumi-tls writes down each of its own three times: as openssl, PKCS 8 and OpenSSH have it.
    """
    exported = stack.pulumi("stack", "export", "--show-secrets")
    while "\\n" in exported:  # a secret's text is JSON within JSON
        exported = exported.replace("\\\\n", "\\n").replace("\\n", "\n")
    found = set(PEM_KEY.findall(exported))
    for encoded in _BASE64.findall(exported):
        found |= set(PEM_KEY.findall(base64.b64decode(encoded + "==").decode(errors="replace")))
    return found


def traces(keys: set[str]) -> set[bytes]:
    """What a leaked key would look like: a line of its PEM body, or that line in base64, as Secrets hold it."""
    found: set[bytes] = set()
    for key in keys:
        line = _private_line(key)
        found.add(line.encode())
        for shift in range(3):  # base64 of a text differs by where in a group of three bytes it begins
            start = shift + key.index(line)
            encoded = base64.b64encode(b" " * shift + key.encode())
            found.add(encoded[-(-start // 3) * 4 : (start + len(line)) // 3 * 4])
    return found


def _private_line(key: str) -> str:
    """A line of the PEM body that holds more than a header and what is public anyway."""
    body = key.splitlines()[1:-1]
    return body[-2] if "OPENSSH" in key else body[0]


def leaks(stack: Stack, keys: set[str], *texts: str) -> list[str]:
    """Names of the files below the stack's directory, and of the texts, that hold a key in clear."""
    wanted = traces(keys)
    files = [path for path in stack.directory.rglob("*") if path.is_file()]
    leaking = [str(path.relative_to(stack.directory)) for path in files if _holds(path.read_bytes(), wanted)]
    return leaking + [f"text {index}" for index, text in enumerate(texts) if _holds(text.encode(), wanted)]


class ProcessArguments:
    """Everything that any process was started with, from `with` to its end, as /proc shows it to everybody."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> ProcessArguments:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def leaks(self, keys: set[str]) -> list[str]:
        """Names of the programs that were given a key."""
        wanted = traces(keys)
        return [one.split(b"\0")[0].decode() for one in self.seen if _holds(one, wanted)]

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(file.read_bytes())
                except OSError:  # it has ended meanwhile
                    continue


def _holds(content: bytes, wanted: set[bytes]) -> bool:
    return any(trace in content for trace in wanted)
