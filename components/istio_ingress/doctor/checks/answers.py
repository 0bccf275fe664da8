"""What a client gets: the certificates that are shown, and the answers to the stack's own requests."""

from __future__ import annotations

from collections.abc import Iterator

from istio_ingress.doctor import handshakes
from istio_ingress.doctor.checks.credentials import chain_in, uses
from istio_ingress.doctor.facts import Facts
from istio_ingress.doctor.report import Line, failed, ok, unknown
from istio_ingress.live.certificates import Chain, subject
from istio_ingress.live.errors import LiveError, NotAskedError
from istio_ingress.live.facts import certain
from istio_ingress.requests.sending import Result
from istio_ingress.rules.hosts import covers
from istio_ingress.rules.values import known


def served(facts: Facts) -> Iterator[Line]:
    """For every TLS host the certificate that is shown: the Secret's, valid, and for this host."""
    expected = _expected(facts)
    for (host, port), answer in certain(facts.shown).items():
        name = f"https://{host}" + ("" if port == 443 else f" (port {port})")
        if isinstance(answer, NotAskedError):
            yield unknown(name, f"{answer}.")
        elif isinstance(answer, LiveError):
            reason, step = handshakes.why(facts, host, port)
            seen = "; ".join(filter(None, [f"no certificate is shown, the handshake ends with: {answer}", reason]))
            yield failed(name, seen, step)
        else:
            yield _judged(facts, name, (host, port), answer, expected.get(host, []))


def requests(facts: Facts) -> Iterator[Line]:
    """The very requests, with the certificate that came with each."""
    results = certain(facts.results)
    if not results and not facts.unasked and facts.has_stack:
        raise NotAskedError("no object of the stack says what it expects")
    for sentence in facts.unasked:
        yield unknown(*sentence.split(": ", 1))
    for result in results:
        if result.is_right:
            yield ok(result.check.what, f"{result.seen}{_with_certificate(facts, result)}")
        else:
            got = f"{result.seen}{_with_certificate(facts, result)}: {result.wrong}"
            yield failed(result.check.what, f"expected {result.check.expected}, but got {got}", result.curl)


def _expected(facts: Facts) -> dict[str, list[Chain]]:
    """The certificates of the Secrets, by host."""
    found: dict[str, list[Chain]] = {}
    for use in uses(facts):
        secret = known(facts.index.secrets.find, facts.gateway.namespace, use.name)
        chain = chain_in(secret, secret.server_keys) if secret else None
        for host in use.hosts if chain else []:
            found.setdefault(host, []).extend([chain] if chain else [])
    return found


def _judged(facts: Facts, name: str, place: tuple[str, int], shown: Chain, expected: list[Chain]) -> Line:
    host, seen = place[0], shown.describe(facts.now)
    if expected and shown.first not in [chain.first for chain in expected]:
        step = f"Find the listener that shows it: {handshakes.by_hand(facts, *place)}"
        return failed(name, f"shown {seen}, but the Secret holds {expected[0].describe(facts.now)}", step)
    if not shown.first.not_before <= facts.now <= shown.first.not_after:
        return failed(name, f"shown {seen}: clients refuse it", "Issue a new one: pulumi up --refresh.")
    if host != "*" and not covers(shown.names, host):
        step = "Issue it for this host, as subjectAltName."
        return failed(name, f"shown {seen}, which is not for this host: clients refuse it", step)
    for purpose, hosts in facts.hosts.items():
        trusted = facts.authority(purpose)
        if host in hosts and purpose != "http" and trusted and not shown.is_issued_by(trusted):
            text = f"shown {seen}, which the stack's CA {subject(trusted.first)} did not issue"
            return failed(name, text, "pulumi up --refresh, or export the CA that issued it.")
    return ok(name, f"shown {seen}")


def _with_certificate(facts: Facts, result: Result) -> str:
    if not result.answer.certificate:
        return ""
    chain = Chain.read(result.answer.certificate)
    return f" with {subject(chain.first)}, {chain.ends(facts.now)}"
