"""Sends what is expected to the gateway, and writes down what came back."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from istio_ingress.live.client import Answer, Identity, connect, curl, send
from istio_ingress.live.errors import LiveError
from istio_ingress.requests.checks import OTHER, Check, authorities
from istio_ingress.requests.untrusted_ca import untrusted_ca_certificate
from istio_ingress.terminal import word

POLL_SECONDS = 0.2
LATE_SECONDS = 1.0
SIDE_BY_SIDE = 8
Clients = Mapping[str, Identity]


@dataclass(frozen=True)
class Result:
    """A check, what came back, and the command line that repeats it."""

    check: Check
    answer: Answer
    curl: str
    waited: float = 0.0
    """Seconds until this answer came, with those before it that were wrong."""

    @property
    def seen(self) -> str:
        """In the form of `Check.expected`."""
        if self.answer.refused:
            return "refused"
        return f"{self.answer.status} {self.answer.protocol}" if self.answer.status else "open"

    @property
    def wrong(self) -> str:
        """What is not as expected; empty where all is."""
        return self.check.misses(self.answer)

    @property
    def is_right(self) -> bool:
        """Whether the answer is the expected one."""
        return not self.wrong


def clients(outputs: Mapping[str, Any], names: Sequence[str]) -> dict[str, Identity]:
    """The clients' certificates and keys that a stack exports: by name, or one for whoever is named."""
    certificates, keys = outputs.get("client_certificates"), outputs.get("client_keys")
    found: dict[str, Identity] = {}
    if isinstance(certificates, Mapping) and isinstance(keys, Mapping):
        found = {name: Identity(certificates[name], keys[name]) for name in certificates.keys() & keys.keys()}
    if outputs.get("client_certificate") and outputs.get("client_key"):
        only = Identity(outputs["client_certificate"], outputs["client_key"])
        found = {**dict.fromkeys(names, only), **found}
    return found


def run(
    checks: Sequence[Check],
    outputs: Mapping[str, Any],
    certificates: Path,
    *,
    known: Clients | None = None,
    believes_anyone: bool = False,
    patience: float = 0.0,
) -> list[Result]:
    """Send them all; `certificates` receives the public certificates that the curl lines name (no key).

    Wrong answers are asked for again until `patience` seconds have gone in all: what an update has just written takes a
    moment from the API server through istiod to the gateway.

    Args:
        checks: What is asked. Of a client that is not known nobody can show the certificate: leave those out before.
        outputs: Of the stack.
        certificates: A directory.
        known: The clients by name. Default: those that the stack exports.
        believes_anyone: Take any certificate where it is not told which authority to trust.
        patience: In seconds.

    Raises:
        LiveError: `certificates` cannot be written.
    """
    shown = clients(outputs, [one.client for one in checks if one.client]) if known is None else known
    trusted = {**authorities(outputs), OTHER: untrusted_ca_certificate()}
    public = {f"{name}.crt": identity.certificate for name, identity in shown.items()}
    _write({**{file: text for file, text in trusted.items() if text}, **public}, certificates)

    end = time.monotonic() + patience

    def asked(check: Check) -> Result:
        started = time.monotonic()
        while True:
            answer = _answer(check, trusted, shown.get(check.client), believes_anyone)
            now = time.monotonic()
            result = Result(check, answer, _curl(check, certificates), now - started)
            if result.is_right or now > end:
                return result
            time.sleep(POLL_SECONDS)

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return list(pool.map(asked, checks))


def certificates_directory() -> Path:
    """Where `run` may write them: in the cache, for every stack of every backend and project its own."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    whose = f"{os.environ.get('PULUMI_BACKEND_URL', '')} {Path.cwd()}"
    stack = os.environ.get("PULUMI_STACK", "default")
    return cache / "istio-ingress" / "certificates" / f"{stack}-{hashlib.sha256(whose.encode()).hexdigest()[:8]}"


def table(results: Sequence[Result], *, named: bool = False) -> str:
    """What was asked, what came back, whether it is right; then the curl lines.

    `named`: whether the stack exports its clients' keys by name.
    """
    width = max(len(result.check.what) for result in results) + 2
    lines = [f"{'REQUEST':<{width}}{'EXPECTED':<14}{'SEEN':<14}VERDICT"]
    for result in results:
        late = f" after {result.waited:.1f} s" if result.waited > LATE_SECONDS else ""
        verdict = f"{word('ok')}{late}" if result.is_right else f"{word('WRONG')} {result.wrong}".rstrip()
        lines.append(f"{result.check.what:<{width}}{result.check.expected:<14}{result.seen:<14}{verdict}")
    lines += ["", "The same by hand:", *(f"  {result.curl}" for result in results)]
    for name in sorted({result.check.client for result in results if result.check.client}):
        output = f"client_keys --show-secrets --json | jq -r '.{name}'" if named else "client_key --show-secrets"
        lines.append(f"  ({name}.key: pulumi stack output {output} > {name}.key)")
    return "\n".join(lines)


def _answer(check: Check, trusted: Mapping[str, str], identity: Identity | None, believes_anyone: bool) -> Answer:
    if check.is_connection:
        return connect(check.target)
    headers = dict(check.headers)
    ca = trusted.get(check.ca)
    return send(
        check.target,
        method=check.method,
        headers=headers,
        ca=ca,
        identity=identity,
        believes_anyone=believes_anyone and not ca,
    )


def _curl(check: Check, certificates: Path) -> str:
    return curl(
        check.target,
        method=check.method,
        headers=dict(check.headers),
        ca_file=str(certificates / check.ca) if check.ca else "",
        certificate_file=str(certificates / f"{check.client}.crt") if check.client else "",
        key_file=f"{check.client}.key" if check.client else "",
    )


def _write(contents: Mapping[str, str], directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (directory / name).write_text(content)
    except OSError as error:
        raise LiveError(f"cannot write the public certificates to {directory}: {error.strerror}.") from None
