"""What answers a harmless request for each host and route, and why it is not what should answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from istio_ingress.doctor.asking import Asked
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.judgement import Judge
from istio_ingress.doctor.report import Line, Status, ok
from istio_ingress.doctor.surroundings import Surroundings
from istio_ingress.live.facts import certain
from istio_ingress.rules.words import some


def check(facts: Facts) -> Iterator[Line]:
    """What is wrong, each reason once; then, host by host, what answers."""
    answers = certain(facts.answers)
    judge = Judge(Surroundings(facts), str(facts.gateway))
    judged = [(asked, judge.line(asked)) for asked in answers.asked if not _is_said_by_served(facts, asked)]
    yield from _once([line for _, line in judged if line.status is not Status.OK])
    yield from _by_host([(asked, line) for asked, line in judged if line.status is Status.OK])
    if answers.left_out:
        yield ok("requests", f"{answers.left_out} more were not sent (--max-requests)")


def _is_said_by_served(facts: Facts, asked: Asked) -> bool:
    """Whether the handshake itself fails, which another check is about."""
    if not asked.answer.refused or isinstance(facts.shown, Exception):
        return False
    return isinstance(facts.shown.get((asked.probe.host, asked.probe.listener.port)), Exception)


def _once(lines: list[Line]) -> Iterator[Line]:
    """Lines that say the same of several requests as one."""
    by_reason: dict[tuple[Status, str], list[Line]] = {}
    for line in lines:
        by_reason.setdefault((line.status, line.seen), []).append(line)
    for (status, seen), same in by_reason.items():
        yield Line(status, some((line.subject for line in same), 2), seen, same[0].next_step)


def _by_host(judged: list[tuple[Asked, Line]]) -> Iterator[Line]:
    def place(one: tuple[Asked, Line]) -> str:
        probe = one[0].probe
        return f"host {probe.host} ({probe.listener.title})"

    for host, same in groupby(sorted(judged, key=place), place):
        said = (f"{asked.probe.request.method} {asked.probe.request.path} {line.seen}" for asked, line in same)
        yield ok(host, some(said, 4))
