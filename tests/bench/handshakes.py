"""What a key costs the gateway: our default P-256 against RSA-2048, as in the walk-through typed by hand."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from istio_ingress.live import address
from tests.bench import gateway
from tests.bench.client import Site, connect, leave, speak_http, status, trusting
from tests.bench.figures import Figure
from tests.bench.gateway import Envoy
from tests.bench.measure import progress
from tests.e2e.stacks import Stack

HANDSHAKES = 3000
REQUESTS = 6000
WARM_UP = 150
SERVED_SECONDS = 20.0
OURS, WALKTHROUGH = "P-256", "RSA-2048"
CPU = "gateway CPU per handshake"
UNITS = {
    CPU: "ms",
    "new connections": "1/s",
    "handshake p50": "ms",
    "handshake p99": "ms",
    "requests on kept connections": "1/s",
    "request p50": "ms",
    "request p99": "ms",
}
REACH = {CPU: 0.5}
KEYS: dict[str, type] = {OURS: ec.EllipticCurvePublicKey, WALKTHROUGH: rsa.RSAPublicKey}
PROGRAM = """
import pulumi
from istio_ingress import CertificateAuthority, KeyAlgorithm, TlsGateway

namespace = pulumi.Config().require("namespace")


def serve(name, args):
    host = {"host": f"{name}.{namespace}.example.com", "backend": {"service": "httpbin", "port": 8000}}
    made = TlsGateway(name, {"namespace": namespace, "hosts": [host], **args})
    return {"host": host["host"], "ca": made.ca_certificate}


ca = CertificateAuthority("ca", {"common_name": "example.com", "key_algorithm": KeyAlgorithm.RSA_2048})
pulumi.export("P-256", serve("ours", {}))
pulumi.export("RSA-2048", serve("rsa", {"authority": ca.issuer, "key_algorithms": [KeyAlgorithm.RSA_2048]}))
"""


@dataclass(frozen=True)
class Served:
    """A host, and the authority that a client of it must trust (PEM)."""

    site: Site
    ca: str


def measure(rounds: int) -> list[Figure]:
    """New connections, then requests on kept ones, in turn for both keys, side by side on one gateway.

    Envoy has one core to itself as far as the clients go; each client has one connection at a time, a client a core.
    They check the certificate, and what that costs is theirs. The gateway's CPU is all that its container used from
    the first connection to the last, idling included: a few thousandths of a core, so nothing is subtracted.

    The rate of new connections is the gateway's only where its core is busy; otherwise it is what the clients can do.
    """
    found: dict[str, dict[str, list[float]]] = {name: {OURS: [], WALKTHROUGH: []} for name in UNITS}
    *cores, last = sorted(os.sched_getaffinity(0))
    envoy = Envoy.running()
    with (
        gateway.namespace(f"bench-{os.getpid()}") as namespace,
        _serving(namespace) as served,
        envoy.pinned({last}),
        _clients(cores or [last]) as clients,
    ):
        for one in served.values():
            clients.connections(one, WARM_UP)
            clients.requests(one, WARM_UP)
        for number in range(rounds):
            for way, one in served.items():
                values = _once(envoy, clients, one)
                for name, value in values.items():
                    found[name][way].append(value)
                progress(f"round {number + 1}, {way}: {_readable(values)}")
    return [
        Figure(name, OURS, UNITS[name], values[OURS], reach=REACH.get(name), against=WALKTHROUGH)
        if way == OURS
        else Figure(name, way, UNITS[name], values[way])
        for name, values in found.items()
        for way in values
    ]


@dataclass(frozen=True)
class Times:
    """Seconds: of each thing that clients did, and from the first to the last."""

    each: Sequence[float]
    all: float

    @property
    def rate(self) -> float:
        """How many a second."""
        return len(self.each) / self.all

    def percentile(self, number: int) -> float:
        """In milliseconds."""
        return statistics.quantiles(self.each, n=100)[number - 1] * 1e3


@dataclass(frozen=True)
class Clients:
    """Processes that do the same at once."""

    pool: ProcessPoolExecutor
    number: int

    def connections(self, served: Served, count: int) -> Times:
        """New connections, closed after the handshake."""
        return self._together(_connections, served, count)

    def requests(self, served: Served, count: int) -> Times:
        """Requests, each client's on a connection that it keeps."""
        return self._together(_requests, served, count)

    def _together(self, work: Callable[[Served, int], list[float]], served: Served, count: int) -> Times:
        started = time.monotonic()
        share = count // self.number
        done = self.pool.map(work, [served] * self.number, [share] * self.number)
        return Times(list(chain.from_iterable(done)), time.monotonic() - started)


def _once(envoy: Envoy, clients: Clients, served: Served) -> dict[str, float]:
    before = envoy.cpu_seconds()
    handshakes = clients.connections(served, HANDSHAKES)
    used = envoy.cpu_seconds() - before
    requests = clients.requests(served, REQUESTS)
    return {
        CPU: used / len(handshakes.each) * 1e3,
        "new connections": handshakes.rate,
        "handshake p50": handshakes.percentile(50),
        "handshake p99": handshakes.percentile(99),
        "requests on kept connections": requests.rate,
        "request p50": requests.percentile(50),
        "request p99": requests.percentile(99),
    }


@contextmanager
def _clients(cores: Sequence[int]) -> Iterator[Clients]:
    # Not forked: the parent may hold locks of threads that a child would not have.
    with ProcessPoolExecutor(
        len(cores), get_context("spawn"), initializer=os.sched_setaffinity, initargs=(0, cores)
    ) as pool:
        yield Clients(pool, len(cores))


@contextmanager
def _serving(namespace: str) -> Iterator[dict[str, Served]]:
    """Both hosts, deployed with the component and answering."""
    ingress = address.find(gateway.NAMESPACE, "istio-ingressgateway")
    with tempfile.TemporaryDirectory() as directory:
        stack = Stack.create(Path(directory) / "stack", PROGRAM)
        try:
            outputs = stack.up(namespace=namespace)
            served = {
                way: Served(Site(outputs[way]["host"], ingress.host, ingress.ports["https"]), outputs[way]["ca"])
                for way in (OURS, WALKTHROUGH)
            }
            for way, one in served.items():
                _wait(one, KEYS[way])
            yield served
        finally:
            stack.destroy()


def _wait(served: Served, key: type) -> None:
    """Until the host is served, with a certificate of this kind of key."""
    deadline = time.monotonic() + SERVED_SECONDS
    while True:
        try:
            tls = connect(served.site, trusting(served.ca))
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
    leave(tls)
    if not isinstance(certificate.public_key(), key):
        raise RuntimeError(f"{served.site.host} serves {certificate.public_key()}, which is no {key.__name__}.")


def _connections(served: Served, count: int) -> list[float]:
    context = trusting(served.ca)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        tls = connect(served.site, context)
        times.append(time.perf_counter() - started)
        if tls.session_reused:
            raise RuntimeError("a session was resumed, so that was no full handshake.")
        leave(tls)
    return times


def _requests(served: Served, count: int) -> list[float]:
    tls = connect(served.site, trusting(served.ca))
    http = speak_http(tls, served.site)
    times = []
    for _ in range(count):
        started = time.perf_counter()
        answer = status(http, "/status/200")
        times.append(time.perf_counter() - started)
        if answer != 200 or http.sock is not tls:
            raise RuntimeError(f"{served.site.host} answered {answer}, or closed a connection that was to be kept.")
    leave(tls)
    return times


def _readable(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g} {UNITS[name]}" for name, value in values.items())
