"""AuthorizationPolicies for a gateway's pods: which requests they refuse with 403 before any route is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from istio_ingress.rules.resources import Resource
from istio_ingress.rules.values import Node, NotKnownError
from istio_ingress.walk import paths
from istio_ingress.walk.gateways import GatewayPods, Target
from istio_ingress.walk.request import Request

#: On trial: what a policy would do is written down, and nothing is refused.
DRY_RUN = "istio.io/dry-run"
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_HEADER = "request.headers["


class _Verdict(Enum):
    """Whether a rule takes a request; what it says of the client's address or token is not known."""

    NO = 0
    UNKNOWN = 1
    YES = 2


_NO, _UNKNOWN, _YES = _Verdict.NO, _Verdict.UNKNOWN, _Verdict.YES


def is_enforced(policy: Resource) -> bool:
    """Whether a policy decides: one that audits or is on trial only writes down; CUSTOM asks its provider even so."""
    action = policy.spec.value.get("action")
    on_trial = policy.metadata.node("annotations").text(DRY_RUN) in _TRUE
    return action == "CUSTOM" or not (action == "AUDIT" or on_trial)


def applied(resources: Iterable[Resource], pods: GatewayPods, root_namespace: str) -> list[Resource]:
    """The policies that decide for the pods; one that names other targets is for gateways of the Gateway API."""
    return [
        one
        for one in resources
        if one.kind == "AuthorizationPolicy"
        and one.namespace in (pods.namespace, root_namespace)
        and not {"targetRef", "targetRefs"} & one.spec.value.keys()
        and one.spec.node("selector").labels("matchLabels").items() <= pods.labels.items()
        and is_enforced(one)
    ]


def denied_by(policies: list[Resource], request: Request, port: Target) -> Resource | None:
    """The policy that refuses a request, if one does: first those that deny, then those of which one must allow it.

    Args:
        policies: Those that are for the pods.
        request: With the path as the gateway normalises it.
        port: On which the pods listen.

    Raises:
        NotKnownError: it depends on what a request does not say.
    """
    by_action = _by_action(policies, request, port)
    for policy, verdict in by_action.get("CUSTOM", []):
        if verdict is not _NO:
            raise NotKnownError(f"{policy} asks somebody else")
    for policy, verdict in by_action.get("DENY", []):
        if verdict is _YES:
            return policy
        if verdict is _UNKNOWN:
            raise NotKnownError(f"{policy} may deny it, by what the request does not say")
    allowing = by_action.get("ALLOW", [])
    if not allowing or any(verdict is _YES for _, verdict in allowing):
        return None
    unknown = next((policy for policy, verdict in allowing if verdict is _UNKNOWN), None)
    if unknown:
        raise NotKnownError(f"{unknown} may allow it, by what the request does not say")
    return allowing[0][0]


def suspects(policies: list[Resource], request: Request, port: Target | None) -> list[Resource]:
    """The policies that can be the reason why a request was refused, as far as it says what they go by.

    Those are the ones that ask somebody else about it, and those that deny it; or else all that allow others only,
    because one of them would have had to allow this one too.

    Args:
        policies: Those that are for the pods.
        request: With the path as the gateway normalises it.
        port: On which the pods listen.
    """
    by_action = _by_action(policies, request, port)
    refusing = [*by_action.get("CUSTOM", []), *by_action.get("DENY", [])]
    found = [policy for policy, verdict in refusing if verdict is not _NO]
    allowing = by_action.get("ALLOW", [])
    if any(verdict is _YES for _, verdict in allowing):
        return found
    return [*found, *(policy for policy, _ in allowing)]


def _by_action(
    policies: list[Resource], request: Request, port: Target | None
) -> dict[str, list[tuple[Resource, _Verdict]]]:
    found: dict[str, list[tuple[Resource, _Verdict]]] = {}
    for policy in policies:
        action = policy.spec.text("action") or "ALLOW"
        found.setdefault(action, []).append((policy, _of(policy, request, str(port))))
    return found


def _of(policy: Resource, request: Request, port: str) -> _Verdict:
    """Whether some rule takes it; a policy without rules takes nothing."""
    return _any(_rule(rule, request, port) for rule in policy.spec.nodes("rules"))


def _rule(rule: Node, request: Request, port: str) -> _Verdict:
    parts = []
    if rule.nodes("from"):
        parts.append(_any(_UNKNOWN if one.node("source").value else _YES for one in rule.nodes("from")))
    if rule.nodes("to"):
        parts.append(_any(_operation(one.node("operation"), request, port) for one in rule.nodes("to")))
    parts += [_condition(one, request) for one in rule.nodes("when")]
    return _all(parts)


def _operation(node: Node, request: Request, port: str) -> _Verdict:
    host, path = request.authority.lower(), paths.without_query(request.path)
    checks: list[tuple[str, Callable[[str], _Verdict]]] = [
        ("hosts", lambda wanted: _fits(wanted.lower(), host)),
        ("paths", lambda wanted: _UNKNOWN if "{" in wanted else _fits(wanted, path)),
        ("methods", lambda wanted: _fits(wanted, request.method)),
        ("ports", lambda wanted: _YES if wanted == port else _NO),
    ]
    parts = []
    for name, check in checks:
        if node.texts(name):
            parts.append(_any(map(check, node.texts(name))))
        unwanted = node.texts(f"not{name.capitalize()}")
        if unwanted:
            parts.append(_not(_any(map(check, unwanted))))
    return _all(parts)


def _condition(node: Node, request: Request) -> _Verdict:
    key = node.text("key")
    if not key.startswith(_HEADER):
        return _UNKNOWN
    sent = request.values(key[len(_HEADER) : -1])
    parts = []
    if node.texts("values"):
        parts.append(_any(_fits(wanted, value) for wanted in node.texts("values") for value in sent))
    if node.texts("notValues"):
        parts.append(_not(_any(_fits(wanted, value) for wanted in node.texts("notValues") for value in sent)))
    return _all(parts)


def _fits(wanted: str, text: str) -> _Verdict:
    """Exact, a beginning (`a*`), an end (`*a`), or anything that is there (`*`)."""
    if wanted == "*":
        found = bool(text)
    elif wanted.endswith("*"):
        found = text.startswith(wanted[:-1])
    elif wanted.startswith("*"):
        found = text.endswith(wanted[1:])
    else:
        found = text == wanted
    return _YES if found else _NO


def _any(verdicts: Iterable[_Verdict]) -> _Verdict:
    return max(verdicts, key=lambda one: one.value, default=_NO)


def _all(verdicts: Iterable[_Verdict]) -> _Verdict:
    return min(verdicts, key=lambda one: one.value, default=_YES)


def _not(verdict: _Verdict) -> _Verdict:
    return {_NO: _YES, _YES: _NO, _UNKNOWN: _UNKNOWN}[verdict]
