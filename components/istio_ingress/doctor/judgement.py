"""An answer, held against what should answer: is it well, and if not, which object is the reason."""

from __future__ import annotations

from istio_ingress.doctor import remedies
from istio_ingress.doctor.answerers import By, Cause, cause, is_handed_on, is_of_envoy, who
from istio_ingress.doctor.asking import Asked, Hop
from istio_ingress.doctor.report import Line, Status
from istio_ingress.doctor.surroundings import Surroundings, asks_for_token, asks_who
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.words import some
from istio_ingress.walk import BACKEND, GATEWAY, Result, Step
from istio_ingress.walk.actions import DELAY
from istio_ingress.walk.tables import NO_ROUTE

_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _SERVER_ERROR = 400, 401, 403, 500
_SHOWN_STEPS = 3


class Judge:
    """Judges answers among the objects of one cluster."""

    def __init__(self, around: Surroundings, gateway: str) -> None:
        self._around, self._gateway = around, gateway

    def line(self, asked: Asked) -> Line:
        """What is to be said of one."""
        hop = asked.hops[0]
        status, seen, step = self._said(asked)
        for_route = f", for {asked.probe.route}" if asked.probe.route and status is not Status.OK else ""
        return Line(status, f"{hop.request.method} {hop.url}{for_route}", seen, step)

    def _said(self, asked: Asked) -> tuple[Status, str, str]:
        answer = asked.answer
        if answer.refused:
            return self._refused(asked)
        if asked.hops[0].leads_to:
            return self._redirected(asked)
        return self._by_gateway(asked) if _who(asked) is By.GATEWAY else self._by_backend(asked)

    def _refused(self, asked: Asked) -> tuple[Status, str, str]:
        delay = _delay(asked)
        if delay:
            seen = f"no answer: {asked.answer.refused}: a delay is injected, {_sentence(delay)}"
            return Status.WARNING, seen, _without_fault(delay.resource)
        why = "; ".join(filter(None, [asked.answer.refused, _reason(asked.expected)]))
        behind = (
            self._around.leads_to(asked.probe) if _should_be_backend(asked.expected) else f"Service {self._gateway}"
        )
        return Status.FAILED, f"no answer: {why}", f"{asked.hops[0].curl}; see whether {behind} answers at all"

    def _redirected(self, asked: Asked) -> tuple[Status, str, str]:
        first, last = asked.hops[0], asked.hops[-1]
        by = self._redirecter(asked, last)
        way = " → ".join([str(first.answer.status), *(hop.leads_to for hop in asked.hops if hop.leads_to)])
        if asked.is_loop:
            return Status.FAILED, f"{way}: a loop, by {by}", self._loop_step(asked, last)
        if last.leads_to and len(asked.hops) > 1 and len({hop.url for hop in asked.hops}) == len(asked.hops) > 5:
            return Status.WARNING, f"{way}: redirected without end, by {by}", first.curl
        if last is not first and last.answer.refused:
            return Status.FAILED, f"{way}, where nobody answers: {last.answer.refused}", last.curl
        if last is not first and last.answer.status >= 400 and who(last.answer) is By.GATEWAY:
            seen = f"{way}, where the gateway answers {last.answer.status} {last.answer.body.strip()[:60]}".rstrip()
            return Status.FAILED, seen, last.curl
        return Status.OK, way, ""

    def _redirecter(self, asked: Asked, hop: Hop) -> str:
        if who(hop.answer) is By.BACKEND:
            return self._around.leads_to(asked.probe)
        return _decider(asked.expected) or asked.probe.route or "the gateway"

    def _loop_step(self, asked: Asked, hop: Hop) -> str:
        if who(hop.answer) is By.BACKEND:
            return (
                "Let it believe the header x-forwarded-proto, which says how the client came, or stop it from "
                "redirecting; if it must be reached over TLS, a DestinationRule with tls.mode SIMPLE does that."
            )
        declared = remedies.kubectl(_decider(asked.expected) or asked.probe.route)
        return f"Correct the redirect: kubectl get {declared} -o yaml"

    def _by_gateway(self, asked: Asked) -> tuple[Status, str, str]:
        answer, expected = asked.answer, asked.expected
        same = [one for one in expected.answers if one.by == GATEWAY and one.status == answer.status]
        found = cause(answer)
        said = f"{answer.status} by the gateway"
        if found is Cause.FAULT:
            return Status.WARNING, _joined(said, [found.value]), _without_fault(asked.probe.route)
        if any(one.intended for one in same) or answer.status == asked.probe.own_status:
            return Status.OK, said, ""
        if asked.filters and found is Cause.UNNAMED and answer.body:
            return self._filtered(asked, said)
        if answer.status < 400:
            return Status.OK, said, ""
        if found in (Cause.POLICY, Cause.TOKEN) or answer.status in (_FORBIDDEN, _UNAUTHORIZED):
            return self._denied(asked, said)
        reasons = [found.value, _reason(expected) if same else "", *remedies.about(self._around, asked.probe, found)]
        if not same and _should_be_backend(expected):
            said = f"{said}, though {self._around.leads_to(asked.probe)} should answer"
        if expected.unknown:
            reasons.append(f"what should answer is not known: {expected.unknown}")
        status = Status.WARNING if asked.probe.is_hidden or found is Cause.RATE else Status.FAILED
        return status, _joined(said, reasons), self._step(asked, found, is_known=bool(same))

    def _filtered(self, asked: Asked, said: str) -> tuple[Status, str, str]:
        """What is to be said where no route can have answered so, nor Envoy with words of its own."""
        seen = f"{said} itself, probably by {some(asked.filters)}"
        if asked.answer.status < 400:
            return Status.OK, seen, ""
        return Status.WARNING, seen, f"kubectl get {remedies.kubectl(asked.filters[0])} -o yaml"

    def _denied(self, asked: Asked, said: str) -> tuple[Status, str, str]:
        kind = "RequestAuthentication" if cause(asked.answer) is Cause.TOKEN else "AuthorizationPolicy"
        if kind == "RequestAuthentication":
            policies = self._around.gateway_policies(kind)
        else:
            policies = self._around.refusing(asked.hops[0].request)
        decider = _decider(asked.expected)
        if decider.startswith(kind):
            return self._policy_line(asked, said, decider, [])
        if not policies:
            namespace = self._gateway.partition("/")[0]
            step = f"kubectl get envoyfilters,wasmplugins -n {namespace} -o yaml"
            status = Status.UNKNOWN if asked.answer.status == _UNAUTHORIZED else Status.FAILED
            return status, _joined(said, [f"refused by something that is no {kind}"]), step
        return self._policy_line(asked, said, some(policies), policies)

    def _policy_line(self, asked: Asked, said: str, names: str, going_by: list[Resource]) -> tuple[Status, str, str]:
        """What is to be said of a refusal.

        Args:
            asked: What was refused.
            said: By whom.
            names: What refuses it.
            going_by: The policies among them that may go by who asks; none where it is certain that they do not.
        """
        words = asked.answer.body.strip()[:60]
        seen = _joined(f"{said}: {words}" if words else said, [f"refused by {names}"])
        declared, by_hand = f"kubectl get {remedies.kubectl(names)} -o yaml", asked.hops[0].curl
        if cause(asked.answer) is Cause.TOKEN or any(map(asks_for_token, going_by)):
            seen += ", which lets in whom it knows: the doctor shows no token and asks from here"
            return Status.UNKNOWN, seen, f"{by_hand} with what a client shows (-H 'authorization: Bearer …')"
        if asked.answer.status == _UNAUTHORIZED or any(map(asks_who, going_by)):
            seen += ", which lets in whom it knows: the doctor asks from here, and shows nothing of itself"
            return Status.UNKNOWN, seen, f"{declared} says whom; as one of those: {by_hand}"
        return Status.FAILED, seen, f"{declared}; its rules take this request"

    def _by_backend(self, asked: Asked) -> tuple[Status, str, str]:
        answer, found = asked.answer, cause(asked.answer)
        behind = self._around.leads_to(asked.probe)
        said = f"{answer.status} by {behind}"
        if found is Cause.WANTS_TLS:
            return Status.FAILED, _joined(said, [found.value]), remedies.step(self._around, asked.probe, found)
        if found is Cause.POLICY:
            policies = self._around.backend_policies(asked.probe)
            names = some(policies) or "the policies of its namespace"
            return self._policy_line(asked, f"{answer.status} by the proxy of {behind}", names, policies)
        if answer.status >= _SERVER_ERROR:
            about = [found.value, *remedies.about(self._around, asked.probe, found)]
            return Status.WARNING, _joined(said, about), remedies.log_step(self._around, asked.probe)
        proxied = remedies.proxied(self._around, asked.probe)
        if answer.status == _BAD_REQUEST and proxied:
            seen = f"{said}: {some(proxied)} has the gateway speak the PROXY protocol, which the backend may not"
            declared = remedies.kubectl(str(proxied[0]))
            step = f"Take proxyProtocol out of it, or have the backend read it: kubectl get {declared} -o yaml"
            return Status.WARNING, seen, step
        wants = ": it wants to know who asks" if answer.status in (_UNAUTHORIZED, _FORBIDDEN) else ""
        return Status.OK, f"{said}{wants}", ""

    def _step(self, asked: Asked, found: Cause, *, is_known: bool) -> str:
        told = remedies.step(self._around, asked.probe, found)
        if told:
            return told
        if asked.probe.is_hidden:
            return f"Repeat the route in {_decider(asked.expected)}, if it should hold for this host too."
        lost = next((step for step in asked.expected.steps if step.says.startswith(NO_ROUTE)), None)
        if is_known and lost:
            return f"Correct {lost.resource} {lost.path}, or take it away."
        if is_known:
            return f"Correct {asked.probe.route or _decider(asked.expected)}, or what stands before it."
        namespace, _, service = self._gateway.partition("/")
        return f"istioctl proxy-status; istioctl proxy-config routes -n {namespace} deploy/{service} -o yaml"


def _who(asked: Asked) -> By:
    """Who answered; of an answer that does not show it, the gateway if something lets it answer so by itself."""
    own = any(
        one.by == GATEWAY and one.intended and one.status == asked.answer.status for one in asked.expected.answers
    )
    can_be_own = own or asked.probe.own_status or (asked.filters and is_of_envoy(asked.answer))
    return By.GATEWAY if can_be_own and not is_handed_on(asked.answer) else who(asked.answer)


def _reason(expected: Result) -> str:
    """Why the gateway refuses: the walk's last step, and the matches just before it that do not take the request."""
    if not expected.steps:
        return ""
    *before, last = expected.steps
    missed = [_sentence(step) for step in before if step.says.startswith(("does not take it", NO_ROUTE))]
    shown = missed[-_SHOWN_STEPS:] if last.says.startswith("no route of") else []
    return "; ".join([_sentence(last), *shown])


def _sentence(step: Step) -> str:
    where = " ".join(filter(None, [step.resource, step.path]))
    return f"{where}: {step.says}" if where else step.says


def _delay(asked: Asked) -> Step | None:
    """What delays the answers, where one did not come in time."""
    is_late = "timed out" in asked.answer.refused or "Timeout" in asked.answer.refused
    return next((step for step in asked.expected.steps if is_late and step.path.endswith(DELAY)), None)


def _without_fault(resource: str) -> str:
    return f"Take the fault out of {resource} when it is no longer wanted."


def _decider(expected: Result) -> str:
    """The object that decided last."""
    return next((step.resource for step in reversed(expected.steps) if step.resource), "")


def _should_be_backend(expected: Result) -> bool:
    return bool(expected.answers) and all(one.by == BACKEND for one in expected.answers)


def _joined(said: str, reasons: list[str]) -> str:
    told = [reason for reason in dict.fromkeys(reasons) if reason]
    return f"{said}: {'; '.join(told)}" if told else said
