"""Sends the probes, and follows where redirects lead on the same gateway."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from istio_ingress.doctor.expected import Expectations
from istio_ingress.doctor.probes import Probe
from istio_ingress.live.client import Answer, Identity, Target, curl
from istio_ingress.live.facts import ClusterFacts
from istio_ingress.rules.hosts import is_within
from istio_ingress.walk import ClientCertificate, Request, RequestError, Result

SECONDS = 5.0
#: After so many seconds no more requests are begun.
ALL_SECONDS = 60.0
SIDE_BY_SIDE = 8
_MOST_OF_A_BODY = 4096
_REDIRECTS = 5
#: Sends one request, as `live.client.send` does.
Send = Callable[..., Answer]
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Hop:
    """A request, and what came back."""

    request: Request
    answer: Answer
    curl: str

    @property
    def url(self) -> str:
        """What was asked for, as a client at the gateway's own ports writes it."""
        return f"{self.request.scheme}://{self.request.authority}{self.request.path}"

    @property
    def leads_to(self) -> str:
        """The URL that a redirect leads to; empty where it is none."""
        is_redirect = 300 <= self.answer.status < 400 and self.answer.location
        return urljoin(self.url, self.answer.location) if is_redirect else ""


@dataclass(frozen=True)
class Asked:
    """A probe, what should answer it, and what did."""

    probe: Probe
    hops: tuple[Hop, ...]
    """The request and those of the redirects that were followed."""
    expected: Result
    filters: tuple[str, ...] = ()
    """What may have made the gateway answer by itself, besides routes: `EnvoyFilter shop/closed`."""

    @property
    def answer(self) -> Answer:
        """To the request itself."""
        return self.hops[0].answer

    @property
    def is_loop(self) -> bool:
        """Whether the last redirect leads to where one has come from; with a cookie the next answer may be another."""
        if any("set-cookie" in hop.answer.headers for hop in self.hops):
            return False
        return _normal(self.hops[-1].leads_to) in {_normal(hop.url) for hop in self.hops}


class Asker:
    """Knows where the gateway is, and who asks."""

    def __init__(self, facts: ClusterFacts, expectations: Expectations, send: Send) -> None:
        self._address, self._expectations, self._send = facts.address, expectations, send
        self._hosts = {entry.host for entry in facts.topology.entries if entry.listener}
        self._mutual = {
            (entry.host, entry.listener.port)
            for entry in facts.topology.entries
            if entry.listener and entry.listener.mode == "MUTUAL"
        }
        self._identity = _identity(facts)
        self._end = time.monotonic() + ALL_SECONDS

    def ask(self, probes: Sequence[Probe]) -> list[Asked]:
        """The answers to those that can be sent, as far as there is time."""
        sent = [probe for probe in probes if self._can_send(probe)]
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
            return [asked for asked in pool.map(self._asked, sent) if asked]

    def _can_send(self, probe: Probe) -> bool:
        return self._may_ask(probe.host, probe.request.port)

    def _may_ask(self, host: str, port: int) -> bool:
        """Whether the port is reached, and a client certificate is there where one is wanted."""
        wanted = {name for name, number in self._mutual if number == port}
        return port in self._address.by_number and (self._identity is not None or not is_within(host, wanted))

    def _asked(self, probe: Probe) -> Asked | None:
        if time.monotonic() > self._end:
            return None
        hops = [self._hop(probe.request)]
        while len(hops) <= _REDIRECTS:
            following = self._following(hops)
            if following is None:
                break
            hops.append(self._hop(following))
        shown = self._identity.certificate if self._identity else ClientCertificate.NONE
        expected = self._expectations.of(replace(probe.request, client_certificate=shown))
        return Asked(probe, tuple(hops), expected, self._expectations.filters)

    def _hop(self, request: Request) -> Hop:
        url = f"{request.scheme}://{request.authority}{request.path}"
        target = Target(url, self._address.host, self._address.by_number[request.port])
        answer = self._send(
            target,
            method=request.method,
            headers=dict(request.headers),
            identity=self._identity,
            believes_anyone=True,
            most=_MOST_OF_A_BODY,
            seconds=SECONDS,
        )
        return Hop(request, answer, curl(target, insecure=request.scheme == "https"))

    def _following(self, hops: Sequence[Hop]) -> Request | None:
        """The request that a redirect asks for, if it comes to this gateway and was not sent yet."""
        url = hops[-1].leads_to
        if not url or _normal(url) in {_normal(hop.url) for hop in hops}:
            return None
        try:
            following = Request.of(url, hops[0].request.method, hops[0].request.headers)
        except RequestError:
            return None
        is_ours = is_within(following.domain, self._hosts) and self._may_ask(following.domain, following.port)
        return following if is_ours else None


def _identity(facts: ClusterFacts) -> Identity | None:
    told = facts.known_outputs
    certificate, key = told.get("client_certificate"), told.get("client_key")
    return Identity(str(certificate), str(key)) if certificate and key else None


def _normal(url: str) -> str:
    """A URL without what makes no difference to who answers it."""
    if not url:
        return "-"
    try:
        split = urlsplit(url)
        port = split.port or _PORTS.get(split.scheme)
    except ValueError:
        return url
    return f"{split.scheme}://{(split.hostname or '').lower()}:{port}{split.path or '/'}?{split.query}"
