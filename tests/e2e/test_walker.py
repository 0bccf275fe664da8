"""The walker says what the lab's gateway does: hosts, routes and requests that nobody chose, put to both."""

import json
import os
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from istio_ingress.walk import BACKEND, Knowledge, Request, World, walk
from tests.e2e.conftest import eventually
from tests.e2e.walks import generator, policies
from tests.e2e.walks.asking import Client
from tests.e2e.walks.backdrop import Backdrop

SEED = os.environ.get("WALKS", "1")
CASES, SOAK_ROUNDS = 100, 8
#: A listener waits 15 s for a Secret that does not come, and again after each change.
LISTENS_WITHIN = 60.0
SETTLES_WITHIN = 12.0
POLICIES = 12
SEVERAL = 8


@pytest.fixture(scope="module")
def backdrop(namespace):
    made = Backdrop.create(namespace)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def client(backdrop):
    return Client(backdrop.ingress.host, backdrop.ingress.by_number)


def create(manifests):
    """Make them; what the webhook refuses is not there."""
    text = "\n---\n".join(json.dumps(one) for one in manifests)
    done = subprocess.run(
        ["kubectl", "create", "-f", "-"], input=text, capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout.count("created"), done.stderr


def apply(cases, backdrop, client, name):
    """Make the cases' objects in two waves, and wait until the gateway has them all."""
    first = [one for case in cases for one in case.waves[0]]
    second = [one for case in cases for one in case.waves[1]]
    made, refused = create(first)
    time.sleep(1.1)
    more, also = create([*second, *sentinel(backdrop, name)])
    for scheme, port in (("http", 8081), ("https", 443), ("https", 8444)):
        sent = Request.of(f"{scheme}://{name}.ready.test:{port}/", headers=[("Host", f"{name}.ready.test")])
        eventually(lambda sent=sent: client.send(sent).status, lambda status: status == 299, LISTENS_WITHIN)
    return made + more, len(first) + len(second), refused + also


def sentinel(backdrop, name):
    """A host that is answered once everything made before it is."""
    api = "networking.istio.io/v1"
    metadata = {"name": name, "namespace": backdrop.namespace}
    tls = {"mode": "SIMPLE", "credentialName": "served"}
    hosts = [f"{name}.ready.test"]
    ports = [{"number": number, "name": f"secure-{number}", "protocol": "HTTPS"} for number in (443, 8444)]
    servers = [{"port": port, "hosts": hosts, "tls": tls} for port in ports]
    servers.append({"port": {"number": 8081, "name": "http", "protocol": "HTTP"}, "hosts": hosts})
    spec = {"selector": {"walked": backdrop.namespace}, "servers": servers}
    http = [{"directResponse": {"status": 299}}]
    return [
        {"apiVersion": api, "kind": "Gateway", "metadata": metadata, "spec": spec},
        {
            "apiVersion": api,
            "kind": "VirtualService",
            "metadata": metadata,
            "spec": {"hosts": hosts, "gateways": [name], "http": http},
        },
    ]


def agrees(answer, seen, backdrop, request):
    """Whether this is the answer that came."""
    if answer.refused or seen.refused:
        return bool(answer.refused) and bool(seen.refused)
    for name, value in answer.response_headers.items():
        got = seen.header(name)
        if (value is None and got is not None) or (value is not None and not (got or "").endswith(value)):
            return False
    if answer.by != BACKEND:
        return not seen.echo_port and (answer.status, answer.location) == (seen.status, seen.header("location") or "")
    if not seen.echo_port or (answer.service, answer.port) != backdrop.named(seen.echo_port):
        return False
    if seen.header("x-echo-path") is None:
        return seen.status == 400  # the gateway handed on what nginx cannot read
    return (
        (not answer.subset or answer.subset == "wide" or f"-{answer.subset}-" in seen.header("x-echo-pod"))
        and (answer.path, answer.host or None) == (seen.header("x-echo-path"), seen.header("x-echo-host"))
        and all(_header(answer, request, f"x-{one}") == (seen.header(f"x-echo-{one}") or "") for one in "abc")
    )


def _header(answer, request, name):
    """What the backend sees of a header, as nginx tells it: the first of several values."""
    sent = [value for header, value in request.headers if header == name]
    return (answer.request_headers.get(name, next(iter(sent), "")) or "").split(",")[0]


class Comparison:
    """Both answers to every request of some cases."""

    def __init__(self, backdrop, client, cases):
        self.backdrop, self.client = backdrop, client
        world = World(backdrop.manifests(), Knowledge(has_pods=True, now=datetime.now(UTC)))
        self.asked = [self._walked(world, case, *request) for case in cases for request in case.requests]
        self.answers = Counter(_kind(answer) for _, _, _, result in self.asked for answer in result.answers)
        self.differences = []

    def run(self):
        """Ask again what differs, for as long as the gateway may still be told."""
        deadline = time.monotonic() + SETTLES_WITHIN
        self.differences = self._differing(self.asked)
        while self.differences and time.monotonic() < deadline:
            time.sleep(1.0)
            self.differences = self._differing(one[:-1] for one in self.differences)
        return self

    def _walked(self, world, case, request, shown):
        identity = self.backdrop.clients.get(shown)
        known = replace(request, client_certificate=identity.certificate) if identity else request
        return case, request, shown, walk(world, known, f"{self.backdrop.namespaces[2]}/walked")

    def _differing(self, asked):
        with ThreadPoolExecutor(max_workers=4) as pool:
            return [one for one in pool.map(self._sent, asked) if one]

    def _sent(self, asked):
        _, request, shown, result = asked
        times = SEVERAL if len(result.answers) > 1 else 1
        seen = [self.client.send(request, self.backdrop.clients.get(shown)) for _ in range(times)]
        if all(any(agrees(answer, one, self.backdrop, request) for answer in result.answers) for one in seen):
            return None
        return *asked, seen


def _kind(answer):
    return answer.refused or answer.by + (f" {answer.status}" if answer.status else "")


def told(difference, backdrop):
    """A difference, with what a person needs to find it."""
    case, request, shown, result, seen = difference
    steps = "\n".join(f"    {step.resource} {step.path}: {step.says}" for step in result.steps)
    objects = "\n".join(json.dumps(one) for one in case.manifests)
    return (
        f"{request} sni={request.sni!r} {request.headers} shows {shown or 'nothing'}\n  walker: {result.answers} "
        f"{result.unknown}\n{steps}\n  gateway: {seen}\n{objects}"
    )


def compared(backdrop, client, seed, round_, count):
    cases = [generator.case(f"{seed} {round_}", number, backdrop.namespace) for number in range(count)]
    made, wanted, refused = apply(cases, backdrop, client, f"round{round_}")
    try:
        found = Comparison(backdrop, client, cases).run()
    finally:
        backdrop.clear()
    assert made > 0.6 * wanted, refused
    return found


def test_the_walker_answers_as_the_gateway_does(backdrop, client):
    found = compared(backdrop, client, SEED, 0, CASES)
    print(f"{sum(found.answers.values())} answers agree: {dict(found.answers)}")
    assert [told(one, backdrop) for one in found.differences] == []
    assert {"backend", "gateway 404", "gateway 503", "gateway 301", "handshake"} <= found.answers.keys()


def test_policies_refuse_what_the_walker_says(backdrop, client):
    spec = {"selector": {"walked": backdrop.namespace}}
    server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
    gateway = manifest(backdrop, "Gateway", {**spec, "servers": [server]})
    routes = {"hosts": ["*"], "gateways": ["any"], "http": [{"directResponse": {"status": 200}}]}
    create([gateway, manifest(backdrop, "VirtualService", routes)])
    answers = Counter()
    try:
        for number in range(POLICIES):
            case = policies.case(SEED, number, backdrop.namespace)
            made, refused = create(case.manifests)
            assert made, refused
            found = Comparison(backdrop, client, [case]).run()
            assert [told(one, backdrop) for one in found.differences] == []
            answers += found.answers
            backdrop.clear_policies()
    finally:
        backdrop.clear()
    assert {"gateway 200", "gateway 403"} <= answers.keys()


def manifest(backdrop, kind, spec):
    metadata = {"name": "any", "namespace": backdrop.namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


@pytest.mark.soak
@pytest.mark.parametrize("round_", range(1, SOAK_ROUNDS + 1))
def test_the_walker_answers_as_the_gateway_does_for_long(backdrop, client, round_):
    found = compared(backdrop, client, SEED, round_, 150)
    assert [told(one, backdrop) for one in found.differences] == []
