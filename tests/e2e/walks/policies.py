"""AuthorizationPolicies for the gateway's pods, drawn from what can be told from a request alone."""

from __future__ import annotations

from random import Random
from typing import Any

from istio_ingress.walk import Request
from tests.e2e.walks.generator import Case

Manifest = dict[str, Any]
_LISTS = {
    "hosts": ["a.DOMAIN", "A.DOMAIN", "*.DOMAIN", "a.DOMAIN:*", "a.*", "*"],
    "paths": ["/", "/api", "/api*", "*/x", "*", "/API"],
    "methods": ["GET", "POST", "P*", "*"],
    "ports": ["80", "8080", "8443"],
}
_PATHS = ["/", "/api", "/api/x", "/API", "/a/../api?x=1", "/%61pi"]


def case(seed: str, number: int, namespace: str) -> Case:
    """One to three policies, of which none or one allows, and requests to one host that always answers."""
    random = Random(f"{seed} policies {number}")
    made = Case(f"p{number}.{namespace}.test")
    for position in range(random.randint(1, 3)):
        spec: Manifest = {"action": random.choice(["DENY", "DENY", "ALLOW"])}
        spec["rules"] = [_rule(random, made.domain) for _ in range(random.choice([0, 1, 1, 2]))]
        if random.random() < 0.3:
            spec["selector"] = {"matchLabels": {"site": random.choice(["front", "back"])}}
        metadata = {"name": f"p{number}-{position}", "namespace": f"{namespace}-gw"}
        kind = {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy"}
        made.waves[0].append({**kind, "metadata": metadata, "spec": spec})
    for _ in range(20):
        host = random.choice([f"a.{made.domain}", f"b.{made.domain}"])
        sent = [(name, random.choice(["1", "2"])) for name in ("x-a", "x-b") if random.random() < 0.5]
        named = [("Host", random.choice([host, f"{host}:80", host.upper()]))]
        url = f"http://{host}{random.choice(_PATHS)}"
        made.requests.append((Request.of(url, random.choice(["GET", "POST", "PUT"]), [*sent, *named]), ""))
    return made


def _rule(random: Random, domain: str) -> Manifest:
    made: Manifest = {}
    if random.random() < 0.85:
        made["to"] = [{"operation": _operation(random, domain)} for _ in range(random.choice([1, 1, 2]))]
    if random.random() < 0.4 or not made:
        values = {random.choice(["values", "notValues"]): [random.choice(["1", "2", "1*", "*"])]}
        made["when"] = [{"key": f"request.headers[{random.choice(['x-a', 'x-b'])}]", **values}]
    return made


def _operation(random: Random, domain: str) -> Manifest:
    made: Manifest = {}
    for name in random.sample(sorted(_LISTS), random.choice([1, 1, 2])):
        some = [text.replace("DOMAIN", domain) for text in random.sample(_LISTS[name], random.choice([1, 2]))]
        made[random.choice([name, name, f"not{name.capitalize()}"])] = some
    return made
