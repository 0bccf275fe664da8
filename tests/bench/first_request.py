"""From an empty stack to the first teapot over HTTPS: ours, a bare program, and the walk-through by hand.

Each way begins with an empty namespace and ends with the first 418; the images are in the lab. Ours is measured once
more while the engine traces itself, which says where the time goes.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from istio_ingress.live.address import IngressAddress, find
from istio_ingress.live.client import Target, send
from istio_ingress.live.tools import ask
from tests.bench.figures import Figure
from tests.bench.gateway import empty_namespace
from tests.bench.measure import progress, run
from tests.e2e.stacks import Stack

PROGRAMS = Path(__file__).resolve().parent / "programs"
NAMESPACE = "bench-first-request"
HOST = "first-request.bench.example"
FOR_PROGRAMS = {"HOST": HOST, "IMAGE": "lab.local/go-httpbin:1", "NAMESPACE": NAMESPACE}
UP = ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive")
PULUMI = {"ours": "first_request_ours", "bare": "first_request_bare"}
TRACED, SCRIPT = "ours, traced", "script"
FLOORS = {"empty program": "first_request_empty", "one ConfigMap": "first_request_config_map"}
AGAINST = {"ours": SCRIPT, "bare": SCRIPT, TRACED: "ours"}
TEAPOT = 418
REACH_SECONDS = 5.0
POLL_SECONDS = 0.02
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class First:
    """When a way's moments were, by the clock."""

    began: float
    heard: float
    """The gateway's first answer of any kind: it listens."""
    answered: float
    """The first 418."""
    ended: float

    @property
    def seconds(self) -> float:
        """What is measured."""
        return self.answered - self.began


def measure(rounds: int) -> list[Figure]:
    """All ways in turn, then what each of ours spent its time on, and what Pulumi takes for nothing and for one object.

    Raises:
        RuntimeError: a way failed, or the lab cannot run one of them.
    """
    if not shutil.which("openssl"):
        raise RuntimeError("The walk-through's script needs `openssl` on PATH: `apt-get install openssl`.")
    address = find("istio-system", "istio-ingressgateway")
    found: dict[str, list[First]] = {way: [] for way in (*PULUMI, TRACED, SCRIPT)}
    ends: dict[str, list[float]] = {way: [] for way in FLOORS}
    parts: dict[str, list[float]] = {}
    for number in range(rounds):
        for way, program in PULUMI.items():
            with _stack(program) as stack:
                found[way].append(_first_of_stack(stack, address))
        with _stack(PULUMI["ours"]) as stack:
            traced = _first_of_stack(stack, address, "--otel-traces", f"file://{stack.directory}/trace")
            found[TRACED].append(traced)
            for part, seconds in _parts(stack.directory, traced).items():
                parts.setdefault(part, []).append(seconds)
        found[SCRIPT].append(_first_by_hand(address))
        for way, program in FLOORS.items():
            with _stack(program) as stack:
                ends[way].append(run(UP, stack.directory, stack.environment).seconds)
        shown = ", ".join(f"{way} {measured[-1].seconds:.2f} s" for way, measured in found.items())
        progress(f"round {number + 1}: first 418 {shown}")
    firsts = {way: [one.seconds for one in measured] for way, measured in found.items()}
    ends = {way: [one.ended - one.began for one in found[way]] for way in (*PULUMI, SCRIPT)} | ends
    return [
        Figure("first 418 from an empty stack", "ours", "s", firsts["ours"], reach=REACH_SECONDS),
        *(Figure("first 418", way, "s", firsts[way], against=AGAINST.get(way, "")) for way in found),
        *(Figure("end of the command", way, "s", ends[way], against=AGAINST.get(way, "")) for way in ends),
        *(Figure(f"part: {part}", "ours", "s", values) for part, values in parts.items()),
    ]


def _first_of_stack(stack: Stack, address: IngressAddress, *options: str) -> First:
    return _first(
        (*UP, *options), stack.directory, stack.environment, address, lambda: stack.outputs()["ca_certificate"]
    )


def _first_by_hand(address: IngressAddress) -> First:
    script = (str(PROGRAMS / "walk_through.sh"),)
    with empty_namespace(NAMESPACE), tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        try:
            return _first(script, directory, os.environ | FOR_PROGRAMS, address, (directory / "ca.crt").read_text)
        finally:
            ask("kubectl", "delete", "secret", NAMESPACE, "--namespace=istio-system", "--ignore-not-found")


def _first(
    command: tuple[str, ...],
    directory: Path,
    environment: Mapping[str, str],
    address: IngressAddress,
    authority: Callable[[], str],
) -> First:
    """Run one way, asking all the time; only when it has ended is it known which authority the first answer needs."""
    _wait_for_silence(address)
    enough = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(_listen, address, enough)
        try:
            began = time.time()
            ended = began + run(command, directory, environment).seconds
            heard, answered, shown = asking.result(PATIENCE_SECONDS)
        except TimeoutError:
            raise RuntimeError(f"`{' '.join(command)}` ended {PATIENCE_SECONDS:g} s ago without a teapot.") from None
        finally:
            enough.set()
    target = Target(f"https://{HOST}:{address.ports['https']}/status/{TEAPOT}", address.host)
    verified = send(target, ca=authority())
    if verified.status != TEAPOT or verified.certificate != shown:
        raise RuntimeError(f"`{' '.join(command)}` gave a first answer that its authority does not prove: {verified}")
    return First(began, heard, answered, ended)


def _listen(address: IngressAddress, enough: threading.Event) -> tuple[float, float, bytes]:
    """When the gateway answered at all, when it was a teapot, and with which certificate."""
    heard = 0.0
    while not enough.wait(POLL_SECONDS):
        status, certificate = _answer(address)
        now = time.time()
        heard = heard or (now if status else 0.0)
        if status == TEAPOT:
            return heard, now, certificate
    raise TimeoutError


def _answer(address: IngressAddress) -> tuple[int, bytes]:
    """The status and certificate on a new connection, whoever signed it; 0 where the gateway does not answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = f"GET /status/{TEAPOT} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    try:
        with (
            socket.create_connection((address.host, address.ports["https"]), timeout=1) as connection,
            context.wrap_socket(connection, server_hostname=HOST) as tls,
        ):
            tls.sendall(request.encode())
            return int(tls.recv(64).split()[1]), tls.getpeercert(True) or b""
    except (OSError, IndexError):
        return 0, b""


def _wait_for_silence(address: IngressAddress) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _answer(address)[0]:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The gateway still answers for {HOST}, which nothing declares any more.")
        time.sleep(POLL_SECONDS)


@contextmanager
def _stack(program: str) -> Iterator[Stack]:
    """An empty stack beside an empty namespace; both are gone afterwards."""
    with empty_namespace(NAMESPACE), tempfile.TemporaryDirectory() as directory:
        source = (PROGRAMS / program / "__main__.py").read_text()
        stack = Stack.create(Path(directory), source, project=program.replace("_", "-"))
        stack.environment.update(FOR_PROGRAMS)
        try:
            yield stack
        finally:
            stack.destroy()


@dataclass(frozen=True)
class _Span:
    """One thing that the engine, its language host or a provider noted down in the trace."""

    name: str
    begun: float
    ended: float
    about: str


def _parts(directory: Path, first: First) -> dict[str, float]:
    """The whole time to the first 418, cut where one thing ends and the next one begins: the parts add up to it."""
    spans = list(_spans(directory / "trace"))
    program, imported, declared = (float(moment) for moment in (directory / "moments").read_text().split())
    plugins = [span for span in spans if span.name == "newPlugin" and '"resource"' in span.about]
    configured = [span for span in spans if span.name == "pulumirpc.ResourceProvider/Configure"]
    gateway = next(span for span in spans if span.name.endswith("/Create") and "istio.io/v1:Gateway::" in span.about)
    moments = {
        "engine start": min(span.begun for span in spans if "/GetRequiredP" in span.name),
        "list of installed packages": min(span.begun for span in spans if span.name.endswith("/Run")),
        "Python start": program,
        "imports": imported,
        "declaration": declared,
        "verdict and registration": min(span.begun for span in plugins),
        "plugin start": min(span.begun for span in configured),
        "API discovery": max(span.ended for span in configured),
        "API calls": gateway.ended,
        "istiod push": first.heard,
        "pod ready": first.answered,
    }
    # What waits for nothing may be over before what stands before it here: then it took none of the time.
    ordered = [first.began]
    for moment in moments.values():
        ordered.append(min(max(moment, ordered[-1]), first.answered))
    return dict(zip(moments, (after - before for before, after in pairwise(ordered)), strict=True))


def _spans(trace: Path) -> Iterator[_Span]:
    for line in trace.read_text().splitlines():
        for resource in json.loads(line)["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    begun, ended = (int(span[f"{end}TimeUnixNano"]) / 1e9 for end in ("start", "end"))
                    yield _Span(span["name"], begun, ended, json.dumps(span.get("attributes", [])))
