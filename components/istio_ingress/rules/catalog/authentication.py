"""Rules about tokens of requests: what a RequestAuthentication does, and what it leaves to others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from istio_ingress.rules.catalog.examples import GATEWAY, HTTP_SERVER, VIRTUAL_SERVICE
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Gateway
from istio_ingress.rules.routing import VirtualService
from istio_ingress.rules.security import AuthorizationPolicy, RequestAuthentication, WorkloadPolicy
from istio_ingress.rules.settings import Settings
from istio_ingress.rules.values import UNKNOWN
from istio_ingress.rules.words import some

_CLAIMS = "@request.auth.claims"
_AUTHENTICATION = """\
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: shop, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  jwtRules: [{issuer: "https://id.example", jwksUri: "https://id.example/keys"}]
"""
_POLICY = """\
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: istio-system}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  rules: [{from: [{source: {requestPrincipals: ['*']}}]}]
"""
_GATEWAY = f"{GATEWAY}\n{HTTP_SERVER}\n---\n"
_ROUTE = """
  hosts: [shop.example]
  gateways: [shop]
  http: [{match: [{headers: {"@request.auth.claims.group": {exact: staff}}}], route: [{destination: {host: cart}}]}]
"""


@rule(
    VirtualService,
    "claim-without-authentication",
    Severity.ERROR,
    misses=True,
    needs=("headers", "withoutHeaders"),
    source="istio pkg/config/analysis IST0149 JwtClaimBasedRoutingWithoutRequestAuthN",
    example=Example(
        f"{_GATEWAY}{VIRTUAL_SERVICE}{_ROUTE}", f"{_GATEWAY}{VIRTUAL_SERVICE}{_ROUTE}---\n{_AUTHENTICATION}"
    ),
)
def claim_without_authentication(service: VirtualService, index: Index) -> Iterator[Problem]:
    """Claims of a token are known only where a RequestAuthentication reads it: without, a route never answers."""
    claims = [
        (match.at(part), name)
        for route in service.spec.nodes("http")
        for match in route.nodes("match")
        for part in ("headers", "withoutHeaders")
        for name in match.node(part).value
        if name.startswith(_CLAIMS)
    ]
    for gateway in index.gateways_of(service) if claims else ():
        readers = [one for one in index.subjects(RequestAuthentication) if isinstance(one, RequestAuthentication)]
        if not any(_may_hold(one, gateway, index) for one in readers):
            path, name = claims[0]
            yield Problem(
                service,
                path,
                f"The match needs {name!r}, and no RequestAuthentication here is for the pods of {gateway}.",
                "Add one that selects the gateway's pods, in their namespace.",
            )
            return


@rule(
    AuthorizationPolicy,
    "principal-without-authentication",
    Severity.ERROR,
    misses=True,
    source="Istio reference: AuthorizationPolicy, Source (requestPrincipals) and conditions (request.auth.*)",
    example=Example(_POLICY, f"{_POLICY}---\n{_AUTHENTICATION}", Settings(complete=True)),
)
def principal_without_authentication(policy: AuthorizationPolicy, index: Index) -> Iterator[Problem]:
    """A request has a principal and claims only where a RequestAuthentication has read its token: without, none has."""
    needed = _needs_token(policy) if index.settings.complete else None
    if needed is None or _is_read_by_filter(index):
        return
    for one in index.subjects(RequestAuthentication):
        if isinstance(one, RequestAuthentication) and _may_be_for_same_pods(one, policy, index):
            return
    path, name = needed
    yield Problem(
        policy,
        path,
        f"It asks for {name}, and no RequestAuthentication is for its pods: no request has any.",
        "Add one for the same pods, in their namespace.",
    )


@rule(
    RequestAuthentication,
    "token-not-required",
    Severity.WARNING,
    misses=True,
    source="Istio reference: RequestAuthentication (a request without a token is accepted); istio/istio#43982",
    example=Example(f"{_GATEWAY}{_AUTHENTICATION}", f"{_GATEWAY}{_AUTHENTICATION}---\n{_POLICY}"),
)
def token_not_required(authentication: RequestAuthentication, index: Index) -> Iterator[Problem]:
    """A RequestAuthentication refuses wrong tokens only: one without a token is let in unless a policy asks."""
    gateways = [gateway for gateway in index.gateways.items if _selects_pods_of(authentication, gateway)]
    if not gateways or authentication.names_its_targets or not authentication.spec.nodes("jwtRules"):
        return
    policies = [one for one in index.subjects(AuthorizationPolicy) if isinstance(one, AuthorizationPolicy)]
    if policies or any(_may_need_claims(one) for one in index.virtual_services.items):
        return
    yield Problem(
        authentication,
        "spec.jwtRules",
        f"It lets requests without a token in at {some(gateways)}: no AuthorizationPolicy here asks for one.",
        "Add an AuthorizationPolicy for the same pods that requires requestPrincipals.",
    )


def _needs_token(policy: AuthorizationPolicy) -> tuple[str, str] | None:
    """Where a policy asks for what only a token gives, and for what."""
    for rule_node in policy.spec.nodes("rules"):
        for sender in rule_node.nodes("from"):
            for key in ("requestPrincipals", "notRequestPrincipals"):
                if sender.node("source").texts(key):
                    return sender.node("source").at(key), key
        for condition in rule_node.nodes("when"):
            if condition.text("key").startswith("request.auth."):
                return condition.at("key"), condition.text("key")
    return None


def _is_read_by_filter(index: Index) -> bool:
    """Whether an EnvoyFilter may read tokens instead."""
    return any(one.kind == "EnvoyFilter" and "jwt" in repr(one.node.value) for one in index.resources)


def _may_be_for_same_pods(authentication: RequestAuthentication, policy: AuthorizationPolicy, index: Index) -> bool:
    homes = {authentication.namespace, policy.namespace} - {""}
    if len(homes) > 1 and not any(_may_hold_everywhere(home, index) for home in homes):
        return False
    named = authentication.names_its_targets or policy.names_its_targets
    return named or _agree(authentication.selector, policy.selector)


def _may_hold_everywhere(namespace: str, index: Index) -> bool:
    """Whether a namespace may be the mesh's root: where nobody says which, so may one with nothing to apply to."""
    if namespace in index.root_namespaces or index.settings.root_namespace:
        return namespace in index.root_namespaces
    return not index.services.beside(namespace) and all(one.namespace != namespace for one in index.workloads)


def _may_need_claims(service: VirtualService) -> bool:
    written = repr(service.node.value.get("spec"))
    return _CLAIMS in written or repr(UNKNOWN) in written


def _may_hold(policy: WorkloadPolicy, gateway: Gateway, index: Index) -> bool:
    """Whether a policy may be for a Gateway's pods, as far as that can be told."""
    if policy.names_its_targets:
        return False
    pods = index.gateway_namespaces(gateway)
    here = not pods or not policy.namespace or policy.namespace in {*pods, *index.root_namespaces}
    workloads = index.listeners.workloads(gateway)
    selects = (
        any(policy.selector.items() <= workload.labels.items() for workload in workloads)
        if workloads
        else _agree(policy.selector, gateway.selector)
    )
    return here and selects


def _selects_pods_of(policy: WorkloadPolicy, gateway: Gateway) -> bool:
    """Whether a policy selects a Gateway's pods by the same labels."""
    return bool(policy.selector) and policy.selector.items() <= gateway.selector.items()


def _agree(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether some pod can have the labels of both."""
    return all(other.get(key, value) == value for key, value in one.items())
