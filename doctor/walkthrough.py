"""The walk-through's requests against the running stack, each with the answer it must get."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doctor.address import IngressAddress
from doctor.client import Answer, Identity, Target, curl, send
from doctor.errors import DoctorError
from doctor.strangers import stranger_certificate_authority

TEAPOT = "418"
POLL_SECONDS = 0.2
LATE_SECONDS = 1.0
SIDE_BY_SIDE = 8


@dataclass(frozen=True)
class Check:
    """One request and what a right answer to it is."""

    what: str
    target: Target
    expected: str
    """`200 HTTP/1.1`, or `refused`."""
    ca: str = ""
    """The name of the file, below the certificates' directory, that holds the authority to trust."""
    with_identity: bool = False
    body: str = ""
    """What the body must hold."""


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
        return "refused" if self.answer.refused else f"{self.answer.status} {self.answer.protocol}"

    @property
    def is_right(self) -> bool:
        """Whether the answer is the expected one."""
        return self.seen == self.check.expected and self.check.body in self.answer.body


def checks(outputs: Mapping[str, Any], address: IngressAddress) -> list[Check]:
    """The requests that fit what the stack exports; a component that is not in it asks for none."""
    made: list[Check] = []
    for purpose, names in hosts(outputs).items():
        for host in names:
            made += _BY_PURPOSE[purpose](_Url(address, host.replace("*", "any", 1)))
    return made


def hosts(outputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """The hosts by purpose; another stack may export something else under that name."""
    told = outputs.get("hosts")
    by_purpose = told if isinstance(told, Mapping) else {}
    return {purpose: list(by_purpose.get(purpose) or []) for purpose in _BY_PURPOSE}


def authority(outputs: Mapping[str, Any], purpose: str) -> str:
    """The certificate authority (PEM) that a client must trust for the hosts of a purpose; empty where none is told."""
    own = {"mutual": "mutual_ca_certificate", "passthrough": "passthrough_ca_certificate"}.get(purpose, "")
    return str(outputs.get(own) or outputs.get("ca_certificate") or "")


def run(
    checks_to_run: list[Check], outputs: Mapping[str, Any], certificates: Path, *, patience: float = 0.0
) -> list[Result]:
    """Send them all; `certificates` receives the public certificates that the curl lines name (no key).

    A wrong answer is asked for again for `patience` seconds: what an update has just written takes a moment from the
    API server through istiod to the gateway.
    """
    authorities = _write_certificates(outputs, certificates)
    identity = None
    if outputs.get("client_certificate") and outputs.get("client_key"):
        identity = Identity(outputs["client_certificate"], outputs["client_key"])

    def asked(check: Check) -> Result:
        shown = identity if check.with_identity else None
        files = (
            {"certificate_file": str(certificates / CLIENT), "key_file": "client.key"} if check.with_identity else {}
        )
        line = curl(check.target, ca_file=str(certificates / check.ca) if check.ca else "", **files)
        started = time.monotonic()
        while True:
            answer = send(check.target, ca=authorities.get(check.ca), identity=shown)
            waited = time.monotonic() - started
            result = Result(check, answer, line, waited)
            if result.is_right or waited > patience:
                return result
            time.sleep(POLL_SECONDS)

    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        return list(pool.map(asked, checks_to_run))


def table(results: list[Result]) -> str:
    """What was asked, what came back, whether it is right; then the curl lines."""
    width = max(len(result.check.what) for result in results) + 2
    lines = [f"{'REQUEST':<{width}}{'EXPECTED':<14}{'SEEN':<14}VERDICT"]
    for result in results:
        seen = result.answer.refused or result.answer.body.strip()[:60]
        late = f" after {result.waited:.1f} s" if result.waited > LATE_SECONDS else ""
        verdict = f"ok{late}" if result.is_right else f"WRONG {seen}".rstrip()
        lines.append(f"{result.check.what:<{width}}{result.check.expected:<14}{result.seen:<14}{verdict}")
    lines += ["", "The same by hand:", *(f"  {result.curl}" for result in results)]
    if any(result.check.with_identity for result in results):
        lines.append("  (client.key: pulumi stack output client_key --show-secrets > client.key)")
    return "\n".join(lines)


@dataclass(frozen=True)
class _Url:
    address: IngressAddress
    host: str

    def __call__(self, scheme: str, path: str) -> Target:
        port = self.address.ports.get(scheme)
        if port is None:
            raise DoctorError(f"the gateway's Service has no port for {scheme}, so {self.host} cannot be asked.")
        standard = {"http": 80, "https": 443}[scheme]
        authority = self.host if port == standard else f"{self.host}:{port}"
        return Target(f"{scheme}://{authority}{path}", self.address.host)


OURS, MUTUAL, NGINX, STRANGER, CLIENT = "ca.crt", "mutual-ca.crt", "passthrough-ca.crt", "another-ca.crt", "client.crt"


def _http(url: _Url) -> list[Check]:
    return [
        Check(f"http://{url.host}/status/200", url("http", "/status/200"), "200 HTTP/1.1"),
        Check(f"http://{url.host}/headers", url("http", "/headers"), "404 HTTP/1.1"),
    ]


def _tls(url: _Url) -> list[Check]:
    path, expected, body = (
        ("/hello", "200 HTTP/2", "Hello version")
        if url.host.startswith("helloworld")
        else (f"/status/{TEAPOT}", f"{TEAPOT} HTTP/2", "")
    )
    return [
        Check(f"https://{url.host}{path}", url("https", path), expected, ca=OURS, body=body),
        Check(f"https://{url.host}{path} with another CA", url("https", path), "refused", ca=STRANGER),
    ]


def _mutual(url: _Url) -> list[Check]:
    path = f"/status/{TEAPOT}"
    return [
        Check(
            f"https://{url.host}{path} with the client certificate",
            url("https", path),
            f"{TEAPOT} HTTP/2",
            ca=MUTUAL,
            with_identity=True,
        ),
        Check(f"https://{url.host}{path} without a client certificate", url("https", path), "refused", ca=MUTUAL),
    ]


def _passthrough(url: _Url) -> list[Check]:
    return [
        Check(f"https://{url.host}/ answered by nginx itself", url("https", "/"), "200 HTTP/1.1", ca=NGINX),
        Check(f"https://{url.host}/ with another CA", url("https", "/"), "refused", ca=STRANGER),
    ]


_BY_PURPOSE: dict[str, Callable[[_Url], list[Check]]] = {
    "http": _http,
    "tls": _tls,
    "mutual": _mutual,
    "passthrough": _passthrough,
}


def _write_certificates(outputs: Mapping[str, Any], directory: Path) -> dict[str, str]:
    contents = {
        OURS: authority(outputs, "tls"),
        MUTUAL: authority(outputs, "mutual"),
        NGINX: authority(outputs, "passthrough"),
        STRANGER: stranger_certificate_authority(),
        CLIENT: outputs.get("client_certificate") or "",
    }
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (directory / name).write_text(content)
    return contents
