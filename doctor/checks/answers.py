"""What a client gets: the certificates that are shown, and the answers to the stack's own requests."""

from __future__ import annotations

from collections.abc import Iterator

from doctor import walkthrough
from doctor.certificates import Chain, subject
from doctor.checks.credentials import chain_in, uses
from doctor.errors import DoctorError, NotAskedError
from doctor.facts import Facts, certain
from doctor.report import Line, failed, ok, unknown
from doctor.topology.findings import known
from rules.hosts import covers


def served(facts: Facts) -> Iterator[Line]:
    """For every TLS host the certificate that is shown: the Secret's, valid, and for this host."""
    expected = _expected(facts)
    for (host, port), answer in certain(facts.shown).items():
        name = f"https://{host}" + ("" if port == 443 else f" (port {port})")
        if isinstance(answer, NotAskedError):
            yield unknown(name, f"{answer}.")
        elif isinstance(answer, DoctorError):
            step = "See `credentials`, `delivery`, `ports` and `routes`."
            yield failed(name, f"no certificate is shown, the handshake ends with: {answer}", step)
        else:
            yield _judged(facts, name, host, answer, expected.get(host, []))


def requests(facts: Facts) -> Iterator[Line]:
    """The very requests, with the certificate that came with each."""
    if not facts.has_stack:
        return
    results = certain(facts.results)
    if not results:
        raise NotAskedError("the stack exports no `hosts`")
    for result in results:
        if result.is_right:
            yield ok(result.check.what, f"{result.seen}{_with_certificate(facts, result)}")
        else:
            seen = result.answer.refused or result.answer.body.strip()[:80]
            text = f"expected {result.check.expected}, but got {result.seen}{_with_certificate(facts, result)}: {seen}"
            yield failed(result.check.what, text.rstrip(": "), result.curl)


def _expected(facts: Facts) -> dict[str, list[Chain]]:
    """The certificates of the Secrets, by host."""
    found: dict[str, list[Chain]] = {}
    for use in uses(facts):
        secret = known(facts.index.secrets.find, facts.gateway.namespace, use.name)
        chain = chain_in(secret, secret.server_keys) if secret else None
        for host in use.hosts if chain else []:
            found.setdefault(host, []).extend([chain] if chain else [])
    return found


def _judged(facts: Facts, name: str, host: str, shown: Chain, expected: list[Chain]) -> Line:
    seen = shown.describe(facts.now)
    if expected and shown.first not in [chain.first for chain in expected]:
        step = "Envoy serves another certificate than the Secret holds: see `delivery` and `ports`."
        return failed(name, f"shown {seen}, but the Secret holds {expected[0].describe(facts.now)}", step)
    if not shown.first.not_valid_before_utc <= facts.now <= shown.first.not_valid_after_utc:
        return failed(name, f"shown {seen}: clients refuse it", "Issue a new one: pulumi up --refresh.")
    if host != "*" and not covers([one.lower() for one in shown.names], host):
        step = "Issue it for this host, as subjectAltName."
        return failed(name, f"shown {seen}, which is not for this host: clients refuse it", step)
    for purpose, hosts in facts.hosts.items():
        trusted = facts.authority(purpose)
        if host in hosts and purpose != "http" and trusted and not shown.is_issued_by(trusted):
            text = f"shown {seen}, which the stack's CA {subject(trusted.first)} did not issue"
            return failed(name, text, "See `credentials`; pulumi up --refresh.")
    return ok(name, f"shown {seen}")


def _with_certificate(facts: Facts, result: walkthrough.Result) -> str:
    if not result.answer.certificate:
        return ""
    chain = Chain.read(result.answer.certificate)
    return f" with {subject(chain.first)}, {chain.ends(facts.now)}"
