"""What is asked: each expectation as a request to the gateway, and what a right answer to it is."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from istio_ingress.expected import Expected, Proof, State, prove_one
from istio_ingress.live import stack
from istio_ingress.live.address import IngressAddress
from istio_ingress.live.client import Answer, Target
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import MalformedError, UnknownValueError
from istio_ingress.walk import BACKEND, NotKnownError, Request, RequestError, World

#: Where an object's hosts are asked.
AddressOf = Callable[[Resource], IngressAddress]
OTHER = "another-ca.crt"
_CA_FILES = {"mutual": "mutual-ca.crt", "passthrough": "passthrough-ca.crt"}
_OURS = "ca.crt"
_PORTS = {"http": 80, "https": 443}
#: What Envoy adds to the answer of a backend.
_OF_A_BACKEND = "x-envoy-upstream-service-time"
_OWN_FAILURES = (404, 503)


@dataclass(frozen=True)
class Check:
    """One request and what a right answer to it is."""

    what: str
    """In words, for a table."""
    about: Expected
    target: Target
    address: IngressAddress
    """Where the gateway is reached."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    ca: str = ""
    """The file, below the certificates' directory, with the authority to trust; empty for those of the machine."""
    proof: Proof | None = None
    """What the objects of the cluster let answer."""

    @property
    def client(self) -> str:
        """The name of the client whose certificate is shown; empty for none."""
        return self.about.client_certificate

    @property
    def is_connection(self) -> bool:
        """Whether nobody speaks HTTP."""
        owner = self.about.owner
        return isinstance(owner, VirtualService) and bool(owner.spec.nodes("tcp")) and not owner.spec.nodes("http")

    @property
    def expected(self) -> str:
        """In the form of `seen`: `200 HTTP/1.1`, `refused`."""
        if self.about.refused:
            return "refused"
        status = "" if self.about.status is None else str(self.about.status)
        return " ".join(filter(None, (status, self.about.protocol))) or ("open" if self.is_connection else "answered")

    def misses(self, answer: Answer) -> str:
        """What of an answer is not as expected; empty where all is."""
        about = self.about
        if about.refused or answer.refused:
            return "" if about.refused and answer.refused else answer.refused or _beginning(answer.body) or "answered"
        if self.is_connection:
            return self._led_elsewhere()
        if about.status not in (None, answer.status) or about.protocol not in ("", answer.protocol):
            return _beginning(answer.body) or "another answer"
        if about.body not in answer.body:
            return f"the body has no {about.body!r}: {_beginning(answer.body)}"
        if about.location and answer.location != about.location:
            return f"location {answer.location or 'missing'}, not {about.location}"
        for name, value in about.response_headers.items():
            got = answer.headers.get(name.lower())
            if got != value:
                return f"{name} {got or 'missing'}, not {value}"
        return self._own_answer(answer) or self._led_elsewhere()

    def _own_answer(self, answer: Answer) -> str:
        """Where a Service must answer and the gateway did, or the other way round."""
        if not isinstance(self.about.owner, VirtualService) or not self.about.owner.spec.nodes("http"):
            return ""
        if self.about.is_of_gateway:
            return "what stands behind the gateway answered" if _OF_A_BACKEND in answer.headers else ""
        failed = answer.status in _OWN_FAILURES and _OF_A_BACKEND not in answer.headers
        return "the gateway itself answered" if self.about.names_backend and failed else ""

    def _led_elsewhere(self) -> str:
        """What an answer does not show: who gave it, and what that one saw; the cluster's objects say it."""
        proof = self.proof
        if not (self.about.names_backend or self.about.routes):
            return ""
        if proof is None or proof.state is not State.WRONG or proof.result is None:
            return ""
        return f"{proof.says} {proof.why}" if any(one.by == BACKEND for one in proof.result.answers) else ""


def checks(
    expected: Iterable[Expected], world: World, address_of: AddressOf, outputs: Mapping[str, Any]
) -> tuple[list[Check], list[str]]:
    """The requests, and sentences about those that cannot be sent.

    Args:
        expected: What objects of the world carry.
        world: The cluster.
        address_of: Where an object's hosts are asked.
        outputs: Of the stack, whose authorities clients trust.
    """
    made: list[Check] = []
    left: list[str] = []
    for one in expected:
        try:
            made.append(_check(one, world, address_of, outputs))
        except (LiveError, NotKnownError, UnknownValueError, MalformedError, RequestError) as error:
            left.append(f"{one.owner} {one.place}: {str(error).removesuffix('.')}, so it is not asked.")
    return made, left


def with_clients(checks: Sequence[Check], clients: Container[str]) -> tuple[list[Check], list[str]]:
    """The checks that can be sent, and sentences about those whose client's key is not here."""
    left = [check for check in checks if check.client and check.client not in clients]
    sentences = [
        f"{one.about.owner} {one.about.place}: {one.client!r} has no certificate and key here, so it is not asked."
        for one in left
    ]
    return [check for check in checks if check not in left], sentences


def names_shown(checks: Iterable[Check]) -> set[str]:
    """The names of the clients whose certificates are shown."""
    return {check.client for check in checks if check.client}


def _check(one: Expected, world: World, address_of: AddressOf, outputs: Mapping[str, Any]) -> Check:
    proof = prove_one(world, one)
    request = proof.request
    if request is None:
        raise NotAskedError(proof.says)
    found = address_of(one.owner)
    port = found.by_number.get(request.port)
    if port is None:
        raise NotAskedError(f"the gateway's Service has no port {request.port}")
    standard = request.port == _PORTS[request.scheme]
    where = f"{request.scheme}://{request.host}{request.path}"
    target = Target(where, found.host, 0 if standard and port == request.port else port)
    ca = _ca(request, one, outputs) if request.scheme == "https" else ""
    return Check(_what(one, request, where), one, target, found, request.method, request.headers, ca, proof)


def _ca(request: Request, one: Expected, outputs: Mapping[str, Any]) -> str:
    if not one.trusts_server:
        return OTHER
    purpose = next((name for name, hosts in stack.hosts(outputs).items() if request.domain in hosts), "tls")
    return _CA_FILES.get(purpose, _OURS) if stack.authority(outputs, purpose) else ""


def authorities(outputs: Mapping[str, Any]) -> dict[str, str]:
    """The files that checks name, with what stands in them (PEM)."""
    own = {file: stack.authority(outputs, purpose) for purpose, file in _CA_FILES.items()}
    return {_OURS: stack.authority(outputs, "tls"), **own}


def _what(one: Expected, request: Request, where: str) -> str:
    words = [where if request.method == "GET" else f"{request.method} {where}"]
    words += [f"{name}: {value}" for name, value in request.headers]
    if not one.trusts_server:
        words.append("with another CA")
    if one.client_certificate:
        whose = "" if one.client_certificate == "client" else f" {one.client_certificate}"
        words.append(f"with the client certificate{whose}")
    elif one.refused == "handshake" and one.trusts_server:
        words.append("without a client certificate")
    return " ".join(words)


def _beginning(body: str) -> str:
    return " ".join(body.split())[:80]
