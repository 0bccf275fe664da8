"""Whether what is expected would come: each request walked through everything that is declared."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from istio_ingress.expected.carried import Expected, Unreadable, carried, has_any
from istio_ingress.expected.requests import request_of
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.values import MalformedError, UnknownValueError
from istio_ingress.walk import (
    BACKEND,
    GATEWAY,
    Answer,
    ClientCertificate,
    NotKnownError,
    Request,
    RequestError,
    Result,
    World,
    walk,
)

_MOST_STEPS = 3


class State(Enum):
    """What is known of an expectation."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Proof:
    """An expectation, and what would come of its request."""

    owner: Resource
    place: str
    """Where the expectation stands: `expect[0]`."""
    state: State
    says: str = ""
    """What is wrong, or not known; empty where it is right."""
    why: str = ""
    """The steps that decide, where it is wrong."""
    expected: Expected | None = None
    """None where the object's annotation is not known, or none."""
    request: Request | None = None
    result: Result | None = None


def prove(world: World, known: Container[tuple[str, str]] = ()) -> Iterator[Proof]:
    """All that the objects of a world expect, in their order, but what is `known` by its owner and place."""
    for owner in world.resources:
        if has_any(owner):
            yield from _of_object(world, owner, known)


def expected_of(world: World) -> list[Expected]:
    """The same without a proof; objects whose annotation cannot be read are left out."""
    found: list[Expected] = []
    for owner in world.resources:
        if has_any(owner):
            try:
                found += carried(owner)
            except (Unreadable, UnknownValueError):
                continue
    return found


def prove_one(world: World, expected: Expected) -> Proof:
    """Whether one is what would come."""
    about = Proof(expected.owner, expected.place, State.UNKNOWN, expected=expected)
    try:
        request = request_of(world, expected, _client(expected))
        about = replace(about, request=request)
        result = _walked(world, expected, request)
    except RequestError as error:
        return replace(about, state=State.WRONG, says=f"{error}.")
    except UnknownValueError as error:
        return replace(about, says=f"{error} is not known yet")
    except (NotKnownError, MalformedError) as error:
        return replace(about, says=str(error))
    about = replace(about, result=result)
    if result.unknown:
        return replace(about, says=result.unknown)
    try:
        return _judged(world, about, expected, result)
    except UnknownValueError as error:
        return replace(about, says=f"{error} is not known yet")


def _of_object(world: World, owner: Resource, known: Container[tuple[str, str]]) -> Iterator[Proof]:
    try:
        some = list(carried(owner))
    except UnknownValueError:
        yield Proof(owner, "expect", State.UNKNOWN, "what it expects is not known yet")
    except Unreadable as error:
        yield Proof(owner, "expect", State.WRONG, f"Its expectations cannot be read: {error}.")
    else:
        yield from (prove_one(world, one) for one in some if (str(owner), one.place) not in known)


def _client(expected: Expected) -> ClientCertificate:
    if not expected.client_certificate:
        return ClientCertificate.NONE
    return ClientCertificate.UNTRUSTED if expected.trusted_client is False else ClientCertificate.TRUSTED


def _walked(world: World, expected: Expected, request: Request) -> Result:
    """What answers at the gateways of the object's own hosts; a certificate of which nothing is known may be any."""
    result = _at_gateways(world, expected, request)
    if expected.client_certificate and expected.trusted_client is None:
        stranger = replace(request, client_certificate=ClientCertificate.UNTRUSTED)
        if _at_gateways(world, expected, stranger).answers != result.answers:
            raise NotKnownError(f"whether the gateway takes the client's certificate {expected.client_certificate!r}")
    return result


def _at_gateways(world: World, expected: Expected, request: Request) -> Result:
    if not isinstance(expected.owner, VirtualService):
        raise NotKnownError(f"what answers for {expected.owner.kind} objects is not walked")
    pods = world.pods_of(expected.owner)
    if not pods and not world.knowledge.complete:
        raise NotKnownError("none of its Gateways is declared here")
    if not pods:
        return walk(world, request)
    results = [walk(world, request, one) for one in pods]
    if any(one.answers != results[0].answers or one.unknown for one in results[1:]):
        raise NotKnownError(f"{' and '.join(pods)} answer otherwise")
    return results[0]


def _judged(world: World, about: Proof, expected: Expected, result: Result) -> Proof:
    wanted = [(check(world, expected, result), words) for check, words in _wanted(world, expected)]
    ends = not expected.trusts_server and about.request is not None and about.request.scheme == "https"
    some = [_ended_by_client(answer) if ends else answer for answer in result.answers]
    if any(all(holds(answer) for holds, _ in wanted) for answer in some):
        return replace(about, state=State.RIGHT)
    nearest = max(some, key=lambda answer: (sum(holds(answer) for holds, _ in wanted), answer.share))
    missed = [words for holds, words in wanted if not holds(nearest)]
    seen = " or ".join(dict.fromkeys(_shown(expected, answer) for answer in some))
    says = f"{about.request} must {' and '.join(missed)}, but {seen}."
    return replace(about, state=State.WRONG, says=says, why=_why(result))


def _ended_by_client(answer: Answer) -> Answer:
    """What a client gets that does not trust the server's CA, and so ends the handshake itself."""
    return answer if answer.refused else Answer(refused="handshake", share=answer.share)


Holds = Callable[[Answer], bool]
Check = Callable[[World, Expected, Result], Holds]


def _wanted(world: World, expected: Expected) -> Iterator[tuple[Check, str]]:
    """What must hold of an answer, and how to say it after "must"."""
    if expected.refused:
        yield _equal("refused", expected.refused), f"be refused at the {expected.refused}"
    if expected.service:
        full = world.registry.shown(world.registry.full_name(*_named(expected)))
        yield _equal("service", full), f"reach the Service {full}"
    if expected.status is not None:
        yield _status, f"get {expected.status}" + (" from the gateway itself" if expected.is_of_gateway else "")
    for name, words in _FIELDS.items():
        value = getattr(expected, name)
        if value not in ("", None):
            yield _equal(name, value), f"{words} {value}"
    for name, words in (("request_headers", "reach it with"), ("response_headers", "be answered with")):
        for header, value in getattr(expected, name).items():
            yield _header(name, header.lower(), value), f"{words} {header}: {value}"
    if expected.routes:
        yield _by_route, f"be taken by {expected.routes[0]}"
    if not expected.refused and (expected.protocol or expected.body):
        yield _equal("refused", ""), "be answered"


_FIELDS = {
    "port": "reach port",
    "subset": "reach the subset",
    "path": "reach it as",
    "location": "be redirected to",
}


def _equal(name: str, value: object) -> Check:
    return lambda *_: lambda answer: getattr(answer, name) == value


def _header(name: str, header: str, value: str) -> Check:
    return lambda *_: lambda answer: getattr(answer, name).get(header) == value


def _status(_: World, expected: Expected, __: Result) -> Holds:
    """A backend chooses its status, which only asking it shows; the gateway's own is known."""

    def holds(answer: Answer) -> bool:
        if answer.by == BACKEND:
            return not expected.is_of_gateway
        return answer.by == GATEWAY and answer.status == expected.status

    return holds


def _by_route(_: World, expected: Expected, result: Result) -> Holds:
    taken = [(step.resource, step.path) for step in result.steps if step.takes]
    right = any(resource == str(expected.owner) and path in expected.routes for resource, path in taken)
    return lambda _: right


def _named(expected: Expected) -> tuple[str, str]:
    """A Service's host and the namespace for which it is short; `namespace/name` is another way to write it."""
    namespace, slash, name = expected.service.partition("/")
    return (name, namespace) if slash else (expected.service, expected.owner.namespace)


def _shown(expected: Expected, answer: Answer) -> str:
    """The answer in words, with what of headers is asked for."""
    words = [str(answer)]
    for name, preposition in (("request_headers", "sees"), ("response_headers", "answers with")):
        for header in getattr(expected, name):
            value = getattr(answer, name).get(header.lower())
            words.append(f"{preposition} {header}: {value}" if value is not None else f"no {header}")
    return ", ".join(words)


def _why(result: Result) -> str:
    """The steps from the one that takes the request on; without one, the last."""
    first = next((at for at, step in enumerate(result.steps) if step.takes), len(result.steps) - 1)
    return "; ".join(map(str, result.steps[max(first, 0) :][:_MOST_STEPS]))
