"""Many hosts on a live gateway: one Gateway for all of them, as ours writes it, against a Gateway a host or for 500."""

from __future__ import annotations

import json
import os
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from istio_ingress.live import address
from tests.bench import gateway
from tests.bench.client import Site, connect, leave, speak_http, status, trusting
from tests.bench.figures import Figure
from tests.bench.gateway import Envoy, kubectl
from tests.bench.measure import progress

SIZES = (10, 100, 1000)
OURS, OTHER = "one Gateway", "a Gateway a host"
SPLIT = "Gateways of 500 hosts"
SPLIT_SIZES = (500, 1000, 2000, 5000, 8000)
HOSTS_OF_A_GATEWAY = {SPLIT: 500, OTHER: 1}
UNITS = {
    "last host answers": "s",
    "istiod push": "ms",
    "pushed configuration": "KB",
    "Envoy memory": "MB",
    "istiod push of one change": "ms",
}
LABEL = "istio-ingress-bench"
CLIENTS = 4
ANSWER_SECONDS = 600.0
QUIET_SECONDS = 2.0
# Below kubectl's own burst: a longer list it would send 50 a second.
CHUNK = 125
CREATORS = 8
Manifest = dict[str, Any]


def measure(rounds: int) -> list[Figure]:
    """Both ways in turn, for each number of hosts, always from an Envoy that has just started.

    The clock runs from the first `kubectl create` of a Gateway, when the Secrets and VirtualServices have been there
    for a while, to the moment that every host has answered over HTTPS with its own certificate. Creating a thousand
    objects is most of the time of a Gateway a host. Asking a thousand hosts takes a second or more, whatever the way,
    so the ratio is nearer to one than the truth.

    istiod's push is the time that it spent on making and sending everything that it sent meanwhile, and the pushed
    configuration the size of that: more than one push where the objects come slowly. Envoy's memory is how much it
    grew. In the end, with all hosts there, one route is changed, and istiod's push for that is told apart.
    """
    return _series(rounds, SIZES, (OURS, OTHER))


def measure_split(rounds: int) -> list[Figure]:
    """The same with a Gateway for every 500 hosts, as several stacks have them, as far as this machine carries it."""
    return _series(rounds, SPLIT_SIZES, (SPLIT,))


def _series(rounds: int, sizes: Sequence[int], ways: Sequence[str]) -> list[Figure]:
    found: dict[tuple[str, int, str], list[float]] = {}
    leaves = _Leaves.issued([f"host-{number}.live.example.com" for number in range(max(sizes))])
    with gateway.namespace(f"bench-{os.getpid()}") as namespace, _clients() as clients:
        lab = _Lab(namespace, leaves, clients)
        for number in range(rounds):
            for size in sizes:
                for way in ways:
                    values = lab.once(size, way)
                    for name, value in values.items():
                        found.setdefault((name, size, way), []).append(value)
                    readable = ", ".join(f"{name} {value:.3g} {UNITS[name]}" for name, value in values.items())
                    progress(f"round {number + 1}, {size} hosts, {way}: {readable}")
    return [
        Figure(name, way, UNITS[name], found[name, size, way], size=size, against=OTHER if way == OURS else "")
        for name in UNITS
        for size in sizes
        for way in ways
    ]


@dataclass(frozen=True)
class _Leaves:
    """Hosts, each with a key and a certificate of its own (PEM), and who signed them all."""

    ca: str
    pairs: dict[str, tuple[bytes, bytes]]

    @classmethod
    def issued(cls, hosts: Sequence[str]) -> _Leaves:
        key = ec.generate_private_key(ec.SECP256R1())
        ca = _certificate("live.example.com", key.public_key(), key)
        pairs = {}
        for host in hosts:
            own = ec.generate_private_key(ec.SECP256R1())
            pem = own.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
            pairs[host] = pem, _certificate(host, own.public_key(), key, ca.subject).public_bytes(Encoding.PEM)
        return cls(ca.public_bytes(Encoding.PEM).decode(), pairs)


@dataclass(frozen=True)
class _Lab:
    """A namespace with a server, the hosts, and the clients that ask for them."""

    namespace: str
    leaves: _Leaves
    clients: ProcessPoolExecutor

    def once(self, size: int, way: str) -> dict[str, float]:
        """One number of hosts in one way, from nothing to nothing."""
        hosts = list(self.leaves.pairs)[:size]
        istiod = _Istiod.running()
        try:
            _create([self._secret(host) for host in hosts])
            _create([self._routes(number, host, way) for number, host in enumerate(hosts)])
            envoy = _restarted()
            pushed, memory = istiod.quiet(), envoy.resident_bytes()
            answered, created = self._answered(hosts, self._gateways(hosts, way))
            after = istiod.quiet()
            progress(f"{size} hosts, {way}: created in {created:.2f} s, {after.count - pushed.count:.0f} pushes")
            return {
                "last host answers": answered,
                "istiod push": (after.seconds - pushed.seconds) * 1e3,
                "pushed configuration": (after.size - pushed.size) / 1e3,
                "Envoy memory": (envoy.resident_bytes() - memory) / 1e6,
                "istiod push of one change": self._change(istiod, after),
            }
        finally:
            self._clear()

    def _answered(self, hosts: Sequence[str], gateways: Sequence[Manifest]) -> tuple[float, float]:
        """Seconds until the last host answers, and until kubectl is done."""
        ingress = address.find(gateway.NAMESPACE, "istio-ingressgateway")
        sites = [Site(host, ingress.host, ingress.ports["https"]) for host in hosts]
        started = time.monotonic()
        asking = [
            self.clients.submit(_last_answer, sites[first::CLIENTS], self.leaves.ca, started + ANSWER_SECONDS)
            for first in range(min(CLIENTS, len(sites)))
        ]
        _create(gateways)
        created = time.monotonic()
        return max(client.result() for client in asking) - started, created - started

    def _change(self, istiod: _Istiod, before: _Pushed) -> float:
        """Milliseconds that istiod needs where one route of all these hosts changes."""
        change = [{"op": "add", "path": "/spec/http/0/timeout", "value": "9s"}]
        patch = ("--type=json", f"--patch={json.dumps(change)}")
        kubectl("patch", "virtualservice", "bench-0", "--namespace", self.namespace, *patch)
        return (istiod.quiet().seconds - before.seconds) * 1e3

    def _clear(self) -> None:
        istio = f"/apis/networking.istio.io/v1/namespaces/{self.namespace}"
        for collection in (
            f"{istio}/gateways",
            f"{istio}/virtualservices",
            f"/api/v1/namespaces/{gateway.NAMESPACE}/secrets?labelSelector={LABEL}",
        ):
            # One request, where `kubectl delete` sends one an object, 50 a second.
            kubectl("delete", "--raw", collection)

    def _secret(self, host: str) -> Manifest:
        key, certificate = self.leaves.pairs[host]
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": _name(host), "namespace": gateway.NAMESPACE, "labels": {LABEL: ""}},
            "data": {"tls.key": b64encode(key).decode(), "tls.crt": b64encode(certificate).decode()},
        }

    def _routes(self, number: int, host: str, way: str) -> Manifest:
        backend = gateway.BACKEND
        rule = {
            "match": [{"uri": {"prefix": "/status"}}, {"uri": {"prefix": "/delay"}}],
            "route": [{"destination": {"host": backend["service"], "port": {"number": backend["port"]}}}],
        }
        bound = f"bench-{number // self._hosts_of_a_gateway(way)}"
        return self._istio("VirtualService", f"bench-{number}", {"hosts": [host], "gateways": [bound], "http": [rule]})

    def _gateways(self, hosts: Sequence[str], way: str) -> list[Manifest]:
        servers = [
            {
                "port": {"number": 443, "name": f"https-{number}", "protocol": "HTTPS"},
                "hosts": [host],
                "tls": {"mode": "SIMPLE", "credentialName": _name(host)},
            }
            for number, host in enumerate(hosts)
        ]
        each = self._hosts_of_a_gateway(way)
        return [
            self._istio(
                "Gateway",
                f"bench-{first // each}",
                {"selector": gateway.SELECTOR, "servers": servers[first : first + each]},
            )
            for first in range(0, len(servers), each)
        ]

    def _hosts_of_a_gateway(self, way: str) -> int:
        return HOSTS_OF_A_GATEWAY.get(way, len(self.leaves.pairs))

    def _istio(self, kind: str, name: str, spec: Manifest) -> Manifest:
        return {
            "apiVersion": "networking.istio.io/v1",
            "kind": kind,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": spec,
        }


@dataclass(frozen=True)
class _Pushed:
    """What istiod has sent to Envoys since its start."""

    seconds: float
    """Spent on making and sending it."""
    size: float
    """Bytes."""
    count: float
    events: float
    """Changes that it heard of; the next push may still be to come."""


@dataclass(frozen=True)
class _Istiod:
    """istiod's own figures."""

    url: str

    @classmethod
    def running(cls) -> _Istiod:
        selector = ("--namespace", gateway.NAMESPACE, "--selector=app=istiod")
        return cls(f"http://{kubectl('get', 'pods', *selector, '--output=jsonpath={.items[0].status.podIP}')}:15014")

    def pushed(self) -> _Pushed:
        """Until now."""
        text = httpx.get(f"{self.url}/metrics", trust_env=False).raise_for_status().text
        return _Pushed(
            seconds=_total(text, "pilot_xds_push_time_sum"),
            size=_total(text, "pilot_xds_config_size_bytes_sum"),
            count=_total(text, "pilot_xds_pushes"),
            events=_total(text, "pilot_inbound_updates"),
        )

    def quiet(self) -> _Pushed:
        """Until it has had nothing to do for a while."""
        deadline = time.monotonic() + ANSWER_SECONDS
        before = self.pushed()
        while True:
            time.sleep(QUIET_SECONDS)
            now = self.pushed()
            if now == before:
                return now
            if time.monotonic() > deadline:
                raise RuntimeError(f"istiod still pushes after {ANSWER_SECONDS:.0f} s.")
            before = now


def _restarted() -> Envoy:
    """A new gateway pod: Envoy keeps what an earlier configuration needed, and drains it for most of a minute."""
    labels = ",".join(f"{key}={value}" for key, value in gateway.SELECTOR.items())
    kubectl("delete", "pod", "--namespace", gateway.NAMESPACE, "--selector", labels, "--grace-period=1")
    deployment = ("deployment/istio-ingressgateway", "--namespace", gateway.NAMESPACE)
    kubectl("rollout", "status", *deployment, "--timeout=60s")
    return Envoy.running()


def _create(manifests: Sequence[Manifest]) -> None:
    chunks = [gateway.listing(manifests[first : first + CHUNK]) for first in range(0, len(manifests), CHUNK)]
    with ThreadPoolExecutor(CREATORS) as pool:
        list(pool.map(lambda chunk: kubectl("create", "--validate=false", "-f-", stdin=json.dumps(chunk)), chunks))


@contextmanager
def _clients() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(CLIENTS, get_context("spawn")) as pool:
        list(pool.map(time.sleep, [0.5] * CLIENTS))
        yield pool


def _last_answer(sites: Sequence[Site], ca: str, deadline: float) -> float:
    """When the last of them answered (time.monotonic, which is one clock for all processes)."""
    context = trusting(ca)
    waiting = deque(sites)
    while waiting:
        if _answers(waiting[0], context):
            waiting.popleft()
        elif time.monotonic() > deadline:
            raise RuntimeError(f"{len(waiting)} hosts of {len(sites)} do not answer, {waiting[0].host} among them.")
        else:
            waiting.rotate(-1)
            time.sleep(0.01)
    return time.monotonic()


def _answers(site: Site, context: ssl.SSLContext) -> bool:
    try:
        tls = connect(site, context)
    except OSError:
        return False
    try:
        return status(speak_http(tls, site), "/status/418") == 418
    except OSError:
        return False
    finally:
        leave(tls)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, signer: ec.EllipticCurvePrivateKey, issuer: x509.Name | None = None
) -> x509.Certificate:
    """A host's certificate; without an issuer, an authority's own."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signer, hashes.SHA256())


def _name(host: str) -> str:
    return host.replace(".", "-")


def _total(metrics: str, name: str) -> float:
    """A metric over all its labels."""
    lines = (line for line in metrics.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
