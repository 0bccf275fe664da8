"""For a cause of a wrong answer: what is known of the objects that can be the reason, and the next step."""

from __future__ import annotations

from istio_ingress.doctor.answerers import Cause
from istio_ingress.doctor.probes import Probe
from istio_ingress.doctor.surroundings import Surroundings
from istio_ingress.rules.routing import DestinationRule

_TALK = (Cause.PLAIN, Cause.NOT_VERIFIED, Cause.TLS_REFUSED, Cause.CONNECTION_FAILS, Cause.CLOSED, Cause.PROTOCOL)
_MOST = 4
_STEPS = {
    Cause.WANTS_TLS: "Let the route lead to a port of {behind} that speaks plain HTTP, or add a DestinationRule for it "
    "with trafficPolicy.tls.mode SIMPLE.",
    Cause.PLAIN: "Take tls out of the DestinationRule ({rule}), or let the pods speak TLS.",
    Cause.NOT_VERIFIED: "Name the right CA, sni and subjectAltNames in the DestinationRule ({rule}).",
    Cause.TLS_REFUSED: "Hold the tls of the DestinationRule ({rule}) against what {behind} speaks.",
    Cause.NO_CONNECTION: "See that {listener}.",
    Cause.CONNECTION_FAILS: "See that {listener}, and speak TLS only where a DestinationRule has it ({rule}).",
    Cause.UNREACHABLE: "Look for NetworkPolicies before {behind}, and for endpoints that are no longer there: "
    "kubectl get endpointslices -A",
    Cause.CLOSED: "See what {behind} speaks: TLS needs a DestinationRule with tls.mode, mutual TLS of the mesh "
    "ISTIO_MUTUAL, and what is not HTTP a TCP route.",
    Cause.PROTOCOL: "Name the port of {behind} after what its pods speak (http, http2, grpc), or set its appProtocol.",
    Cause.FULL: "Raise the limits of the DestinationRule ({rule}).",
    Cause.LATE: "Raise the timeout of {route}, or see why {behind} is slow.",
    Cause.RATE: "Ask again later; kubectl get envoyfilters -A -o yaml has the limit.",
}


def about(around: Surroundings, probe: Probe, cause: Cause) -> list[str]:
    """What is known of the objects on the way: pods that are not ready, the DestinationRule, what the rules find."""
    troubles = [trouble.text.rstrip(".") for one in around.backends(probe) for trouble in one.troubles]
    rules = around.destination_rules(probe)
    if cause in _TALK:
        troubles += [_of_tls(rule, mode, cause) for rule in rules if (mode := _policy(rule, "tls", "mode"))]
    if cause is Cause.FULL:
        troubles += [f"{rule} has a connectionPool" for rule in rules if _policy(rule, "connectionPool")]
    found = [f"{one.resource}: {one.message.rstrip('.')} [{one.rule}]" for one in around.findings(probe)]
    return list(dict.fromkeys([*troubles, *found]))[:_MOST]


def step(around: Surroundings, probe: Probe, cause: Cause) -> str:
    """What to do next; empty where the cause does not say."""
    rules = around.destination_rules(probe)
    rule = f"kubectl get {kubectl(str(rules[0]))} -o yaml" if rules else "kubectl get destinationrules -A"
    troubles = [trouble.remedy for one in around.backends(probe) for trouble in one.troubles if trouble.remedy]
    troubles += [one.remedy for one in around.findings(probe) if one.remedy]
    if troubles and cause in (Cause.NO_ENDPOINT, Cause.NO_CONNECTION, Cause.CONNECTION_FAILS, Cause.UNNAMED):
        return troubles[0]
    if cause is Cause.NO_ENDPOINT:
        return f"kubectl get endpointslices -A; where a subset or outlierDetection leaves none: {rule}"
    behind, route = around.services(probe), probe.route or "the route"
    return _STEPS.get(cause, "").format(behind=behind, listener=_listener(behind), rule=rule, route=route)


def proxied(around: Surroundings, probe: Probe) -> list[DestinationRule]:
    """The DestinationRules that begin connections with the PROXY protocol, which is a bad request to who has it not."""
    return [rule for rule in around.destination_rules(probe) if _policy(rule, "proxyProtocol") is not None]


def log_step(around: Surroundings, probe: Probe) -> str:
    """Where the backend says what happened to it."""
    for backend in around.backends(probe):
        for pod in backend.pods:
            return f"kubectl logs -n {backend.name.split()[-1].partition('/')[0]} {pod.name}"
    return f"Look into the log of {around.leads_to(probe)}."


def kubectl(name: str) -> str:
    """`VirtualService shop/cart` in the words of kubectl: `virtualservice -n shop cart`."""
    kind, _, rest = name.partition(" ")
    namespace, slash, own = rest.partition(" ")[0].partition("/")
    return f"{kind.lower()} -n {namespace} {own.rstrip(',')}" if slash else f"{kind.lower()} {namespace}".rstrip()


def _policy(rule: DestinationRule, *keys: str) -> object:
    """What a DestinationRule says for all ports, or for the first that has it."""
    spec = rule.spec.node("trafficPolicy")
    for node in (spec, *spec.nodes("portLevelSettings")):
        found: object = node.value
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is not None:
            return found
    return None


def _of_tls(rule: DestinationRule, mode: object, cause: Cause) -> str:
    if cause is not Cause.CONNECTION_FAILS or mode == "DISABLE":
        return f"{rule} has tls.mode {mode}"
    return f"{rule} makes the gateway speak TLS (tls.mode {mode}), which the backend may not"


def _listener(behind: str) -> str:
    """What should take connections; only a Service has pods, other hosts are those of ServiceEntries."""
    if "." in behind and "Service " not in behind:
        return f"the endpoints of the ServiceEntry for {behind}, or else its addresses, take connections at its port"
    return f"the pods of {behind} listen at its targetPort"
