"""The checks in the order in which a person would make them: each reads the facts and says what it sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from istio_ingress.doctor.checks import (
    answers,
    control_plane,
    credentials,
    delivery,
    drift,
    gateway,
    ports,
    responses,
    rest,
    routes,
)
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, unknown
from istio_ingress.live.errors import LiveError, NotAskedError

Check = Callable[[Facts], Iterator[Line]]

CHECKS: dict[str, Check] = {
    "cluster": control_plane.cluster,
    "istio": control_plane.istio,
    "stack": control_plane.stack,
    "drift": drift.check,
    "address": gateway.address,
    "gateway": gateway.pods,
    "ports": ports.check,
    "rights": gateway.rights,
    "credentials": credentials.check,
    "delivery": delivery.check,
    "routes": routes.check,
    "rules": rest.check,
    "served": answers.served,
    "answers": responses.check,
    "requests": answers.requests,
}


def run(facts: Facts) -> list[Line]:
    """Make every check; one that cannot be made says so, and the others go on."""
    return [replace(line, check=name) for name, check in CHECKS.items() for line in _lines(check, facts)]


def _lines(check: Check, facts: Facts) -> Iterator[Line]:
    try:
        yield from check(facts)
    except NotAskedError as error:
        yield unknown("not asked", f"{error}.")
    except LiveError as error:
        yield unknown("could not be asked", str(error), _right_to_ask(str(error)))


def _right_to_ask(reason: str) -> str:
    if "orbidden" not in reason:
        return "Run the same command by hand."
    return "Ask for the right to read this (`kubectl auth can-i --list`), or name your own namespaces with --namespace."
