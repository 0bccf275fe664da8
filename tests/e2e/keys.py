"""The private keys of a stack, and every place where Pulumi might have let one slip."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from tests.e2e.stacks import Stack

PEM_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)


def private_keys(stack: Stack) -> set[str]:
    """Every private key (PEM) of the stack, taken out of its decrypted state."""
    exported = stack.pulumi("stack", "export", "--show-secrets")
    while "\\n" in exported:  # a secret's text is JSON within JSON
        exported = exported.replace("\\\\n", "\\n").replace("\\n", "\n")
    return set(PEM_KEY.findall(exported))


def traces(keys: set[str]) -> set[bytes]:
    """What a leaked key would look like: a line of its PEM body, or of that PEM in base64 as a Secret holds it."""
    found: set[bytes] = set()
    for key in keys:
        body = key.splitlines()[1]
        found.add(body.encode())
        for shift in range(3):  # base64 of a text differs by where in a group of three bytes it begins
            encoded = base64.b64encode(b" " * shift + key.encode())
            found.add(encoded[48:88])
    return found


def leaks(stack: Stack, keys: set[str], *texts: str) -> list[str]:
    """Names of the files below the stack's directory, and of the texts, that hold a key in clear."""
    wanted = traces(keys)
    files = [path for path in stack.directory.rglob("*") if path.is_file()]
    leaking = [str(path) for path in files if _holds(path.read_bytes(), wanted)]
    return leaking + [f"text {index}" for index, text in enumerate(texts) if _holds(text.encode(), wanted)]


def logs(directory: Path) -> list[Path]:
    """Pulumi's own log files."""
    return sorted(directory.glob("pulumi*.log"))


def _holds(content: bytes, wanted: set[bytes]) -> bool:
    return any(trace in content for trace in wanted)
