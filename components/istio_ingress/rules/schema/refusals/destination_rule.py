"""DestinationRules: the host, traffic policies and subsets."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt

from istio_ingress.rules.credential_keys import CONFIG_MAP
from istio_ingress.rules.schema import common
from istio_ingress.rules.schema.durations import MILLISECOND, nanoseconds
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals import localities
from istio_ingress.rules.words import quoted, some

_RULE = "traffic-policy-invalid"
_IN_A_PORT = ("outlierDetection", "connectionPool", "loadBalancer", "tls")
_IN_A_POLICY = (*_IN_A_PORT, "tunnel", "proxyProtocol", "retryBudget")
_COUNTS = (
    "http1MaxPendingRequests",
    "http2MaxRequests",
    "maxRequestsPerConnection",
    "maxRetries",
    "maxConcurrentStreams",
)
_LARGEST_TABLE = 5000011


def refusals(spec: Fields, namespace: str) -> Iterator[Refusal]:
    """What Istio's ValidateDestinationRule refuses."""
    host = spec.text("host")
    remedy = "Name a Service, such as cart.shop.svc.cluster.local."
    if host == "":
        yield Refusal("field-missing", spec.at("host"), "There is no host.", remedy)
    elif host is not None and not common.is_host(host):
        yield Refusal("destination-rule-host-invalid", spec.at("host"), f"{quoted(host)} is no host.", remedy)
    yield from _policy(spec.part("trafficPolicy"), namespace)
    seen: set[str] = set()
    for subset in spec.parts("subsets"):
        name = subset.text("name")
        if name is not None and not common.is_label(name):
            message = f"{quoted(name)} is no name of a subset."
            yield Refusal("subset-invalid", subset.at("name"), message, common.LABEL_REMEDY)
        elif name in seen:
            message = f"Another subset is called {quoted(name)}."
            yield Refusal("subset-invalid", subset.at("name"), message, "Give every subset a name of its own.")
        seen |= {name} if name else set()
        yield from common.labels(subset, "labels", "subset-invalid")
        yield from _policy(subset.part("trafficPolicy"), namespace)
    own_only = "workloadSelector" in spec
    yield from common.export_to(spec, namespace, own_only=own_only)


def _policy(policy: Fields | None, namespace: str) -> Iterator[Refusal]:
    if policy is None:
        return
    if not policy.size("portLevelSettings") and not any(key in policy for key in _IN_A_POLICY):
        yield Refusal(_RULE, policy.path, "The policy is empty.", f"Give it {some(_IN_A_PORT)} or another setting.")
        return
    if "tunnel" in policy and "proxyProtocol" in policy:
        yield Refusal(_RULE, policy.at("tunnel"), "There are both tunnel and proxyProtocol.", "Keep one of them.")
        return
    yield from _settings(policy, namespace)
    for port in policy.parts("portLevelSettings"):
        if "port" not in port:
            yield Refusal(_RULE, port.at("port"), "These settings are for no port.", "Name its number.")
        if not any(key in port for key in _IN_A_PORT):
            yield Refusal(_RULE, port.path, "The policy of this port is empty.", f"Give it {some(_IN_A_PORT)}.")
        yield from _settings(port, namespace)
    yield from _tunnel(policy.part("tunnel"))
    budget = policy.part("retryBudget")
    if budget:
        yield from common.duration(budget, "budgetInterval", whole=1)


def _tunnel(tunnel: Fields | None) -> Iterator[Refusal]:
    if tunnel is None:
        return
    protocol, host = tunnel.text("protocol"), tunnel.text("targetHost")
    if protocol and protocol not in ("CONNECT", "POST"):
        yield Refusal(_RULE, tunnel.at("protocol"), f"The protocol is {protocol!r}.", "Use CONNECT or POST.")
    if host is not None and not (common.is_domain(host) or common.is_address(host)):
        yield Refusal(_RULE, tunnel.at("targetHost"), f"{quoted(host)} is no host.", "Name a host or an address.")
    yield from common.port(tunnel.number("targetPort"), tunnel.at("targetPort"), _RULE)


def _settings(policy: Fields, namespace: str) -> Iterator[Refusal]:
    outlier = policy.part("outlierDetection")
    if outlier:
        yield from _outlier(outlier)
    pool = policy.part("connectionPool")
    if pool:
        yield from connection_pool(pool)
    balancer = policy.part("loadBalancer")
    if balancer:
        yield from _balancer(balancer)
    tls = policy.part("tls")
    if tls:
        yield from _tls(tls, namespace)


def _outlier(outlier: Fields) -> Iterator[Refusal]:
    yield from common.duration(outlier, "baseEjectionTime")
    yield from common.duration(outlier, "interval")
    if outlier.number("consecutiveLocalOriginFailures") and outlier.flag("splitExternalLocalOriginErrors") is False:
        message = "It counts only where splitExternalLocalOriginErrors is true."
        yield Refusal(_RULE, outlier.at("consecutiveLocalOriginFailures"), message, "Set that too.")
    for key in ("maxEjectionPercent", "minHealthPercent"):
        value = outlier.number(key)
        if value is not None and not 0 <= value <= 100:
            yield Refusal(_RULE, outlier.at(key), f"The percentage is {value:g}.", "Use 0 to 100.")


def connection_pool(pool: Fields) -> Iterator[Refusal]:
    """What is refused in the limits of connections."""
    http, tcp = pool.part("http"), pool.part("tcp")
    if "http" not in pool and "tcp" not in pool:
        yield Refusal(_RULE, pool.path, "There is neither http nor tcp.", "Add one of them.")
    for part, keys in ((http, _COUNTS), (tcp, ("maxConnections",))):
        for key in keys if part else ():
            value = part.number(key) if part else None
            if part and value is not None and value < 0:
                yield Refusal(_RULE, part.at(key), f"The number is {value:g}.", "Use 0 or more.")
    if http:
        yield from common.duration(http, "idleTimeout")
        if http.text("h2UpgradePolicy") == "UPGRADE" and http.flag("useClientProtocol"):
            message = "The upgrade is to HTTP/2, whatever the client speaks."
            yield Refusal(_RULE, http.at("useClientProtocol"), message, "Take h2UpgradePolicy or this away.")
        alive = http.part("http2KeepAlive")
        for key in ("interval", "timeout") if alive else ():
            if alive and key not in alive:
                yield Refusal(_RULE, alive.at(key), f"There is no {key}.", "Give both.")
            elif alive:
                yield from common.duration(alive, key)
    if tcp:
        for key in ("connectTimeout", "maxConnectionDuration"):
            yield from common.duration(tcp, key)
        idle = nanoseconds(tcp.text("idleTimeout") or "0")  # less than a millisecond is none at all
        if idle is None or abs(idle) >= MILLISECOND:
            yield from common.duration(tcp, "idleTimeout")
        alive = tcp.part("tcpKeepalive")
        for key in ("time", "interval") if alive else ():
            if alive:
                yield from common.duration(alive, key)


def _balancer(balancer: Fields) -> Iterator[Refusal]:
    hashing = balancer.part("consistentHash")
    if hashing:
        yield from _hash(hashing)
    for key in ("localityLbSetting", "zoneAwareLbSetting"):
        setting = balancer.part(key)
        if setting:
            yield from localities.refusals(setting, zone_aware=key == "zoneAwareLbSetting")
    if "localityLbSetting" in balancer and "zoneAwareLbSetting" in balancer:
        message = "There are both localityLbSetting and zoneAwareLbSetting."
        yield Refusal(_RULE, balancer.at("zoneAwareLbSetting"), message, "Keep one of them.")
    warmup = balancer.part("warmup")
    if warmup:
        yield from common.duration(warmup, "duration")
        percent, aggression = warmup.number("minimumPercent"), warmup.number("aggression")
        if percent is not None and percent > 100:
            yield Refusal(_RULE, warmup.at("minimumPercent"), f"The percentage is {percent:g}.", "Use 0 to 100.")
        if "aggression" in warmup and aggression is not None and aggression <= 0:
            yield Refusal(_RULE, warmup.at("aggression"), f"The aggression is {aggression:g}.", "Use more than 0.")


def _hash(hashing: Fields) -> Iterator[Refusal]:
    cookie, maglev = hashing.part("httpCookie"), hashing.part("maglev")
    if cookie:
        yield from common.duration(cookie, "ttl", whole=1)
        if cookie.text("name") == "":
            yield Refusal(_RULE, cookie.at("name"), "The cookie has no name.", "Name it.")
        seen: set[str] = set()
        for attribute in cookie.parts("attributes"):
            name = attribute.text("name")
            if name == "" or name in seen:
                message = f"Another attribute is called {quoted(name)}." if name else "This attribute has no name."
                yield Refusal(_RULE, attribute.at("name"), message, "Give each a name of its own.")
            seen |= {name} if name else set()
    if hashing.number("minimumRingSize") and ("maglev" in hashing or "ringHash" in hashing):
        message = "There are both minimumRingSize and ringHash or maglev."
        yield Refusal(_RULE, hashing.at("minimumRingSize"), message, "Use ringHash.minimumRingSize.")
    size = maglev.number("tableSize") if maglev else None
    if maglev and size is not None and not (0 < size < _LARGEST_TABLE and _is_prime(int(size))):
        message = f"The size of the table is {size:g}."
        yield Refusal(_RULE, maglev.at("tableSize"), message, f"Use a prime number below {_LARGEST_TABLE}.")


def _is_prime(number: int) -> bool:
    """As Envoy sees it, to which 1 is one."""
    if number < 4:
        return True
    return number % 2 == 1 and all(number % factor for factor in range(3, isqrt(number) + 1, 2))


def _tls(tls: Fields, namespace: str) -> Iterator[Refusal]:
    mode, credential = tls.text("mode"), tls.text("credentialName")
    if mode not in ("SIMPLE", "MUTUAL"):
        return
    files = tls.any_of("clientCertificate", "privateKey", "caCertificates", "caCrl")
    if tls.flag("insecureSkipVerify"):
        verified = tls.any_of("caCertificates") + (["subjectAltNames"] if "subjectAltNames" in tls else [])
        if credential and mode == "SIMPLE":
            verified.append("credentialName")
        if verified:
            message = f"With insecureSkipVerify nothing is verified, and there is {some(verified)}."
            yield Refusal("client-tls-invalid", tls.at(verified[0]), message, "Keep one of them.")
    if credential and files:
        message = f"There is a credentialName, and {some(files)}."
        yield Refusal("client-tls-invalid", tls.at(files[0]), message, "Keep the Secret or the files.")
    missing = [key for key in ("clientCertificate", "privateKey") if tls.text(key) == ""]
    if mode == "MUTUAL" and credential == "" and missing:
        message = f"The mode is MUTUAL, and there is no {' and no '.join(missing)}."
        yield Refusal("client-tls-invalid", tls.at(missing[0]), message, "Name files, or a credentialName.")
    if credential and credential.startswith(CONFIG_MAP):
        parts = credential.removeprefix(CONFIG_MAP).split("/")
        if len(parts) != 2 or not all(parts) or (namespace and parts[0] != namespace):
            message = f"{quoted(credential)} is no ConfigMap of this namespace."
            yield Refusal("client-tls-invalid", tls.at("credentialName"), message, f"Write {CONFIG_MAP}namespace/name.")
