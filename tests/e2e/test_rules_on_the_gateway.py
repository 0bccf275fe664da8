"""What the rules say of routes, and what the gateway does: with a finding a request fails, without it works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import yaml

from istio_ingress import rules
from tests.e2e.conftest import Requests, eventually, kubectl

BACKEND = """
apiVersion: v1
kind: Service
metadata: {name: two-ports}
spec:
  selector: {app: httpbin}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: http-admin, port: 9090, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: other-ports}
spec:
  selector: {app: httpbin}
  ports: [{name: http, port: 8000, targetPort: 8080}, {name: http-admin, port: 9090, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: httpbin}
spec:
  selector: {matchLabels: {app: httpbin}}
  template:
    metadata: {labels: {app: httpbin}}
    spec: {containers: [{name: httpbin, image: "lab.local/go-httpbin:1", ports: [{containerPort: 8080}]}]}
"""
HERE, THERE = {"directResponse": {"status": 201}}, {"directResponse": {"status": 202}}


class Case(NamedTuple):
    """VirtualServices of one host, a path that is asked for, the gateway's answer, and the rules that are broken."""

    name: str
    services: list[dict[str, Any]]
    path: str
    status: int
    broken: list[str]
    host: str = ""


def match(**conditions: Any) -> dict[str, Any]:
    return {"match": [conditions]}


def prefix(path: str) -> dict[str, Any]:
    return match(uri={"prefix": path})


def to(service: str) -> dict[str, Any]:
    return {"route": [{"destination": {"host": service}}]}


DELEGATE = {"http": [{**prefix("/other"), **THERE}]}
CASES = [
    Case("port-of-the-listener", [{"http": [to("two-ports")]}], "/status/200", 200, []),
    Case("port-of-nobody", [{"http": [to("other-ports")]}], "/status/200", 503, ["route-port-ambiguous"]),
    Case("disjoint", [{"http": [{**prefix("/a"), **HERE}]}, {"http": [{**prefix("/b"), **THERE}]}], "/b", 202, []),
    Case("catch-all", [{"http": [HERE]}, {"http": [{**prefix("/b"), **THERE}]}], "/b", 202, []),
    Case("port", [{"http": [{**match(port=8080), **HERE}]}], "/", 404, ["match-elsewhere"]),
    Case("star", [{"http": [{**prefix("/a/*"), **HERE}]}], "/a/b", 404, ["path-with-star"]),
    Case("hidden", [{"exportTo": ["."], "http": [HERE]}], "/", 404, ["virtualservice-hidden"]),
    Case(
        "outside",
        [{"http": [{**prefix("/team"), "delegate": {"name": "team"}}]}],
        "/other",
        404,
        ["delegate-outside-root"],
    ),
    Case(
        "without",
        [
            {
                "http": [
                    {**match(withoutHeaders={"x": {"exact": "no"}}), **HERE},
                    {**match(withoutHeaders={"x": {}}), **THERE},
                ]
            }
        ],
        "/",
        201,
        ["route-unreachable"],
    ),
    Case(
        "slashes",
        [{"http": [{**prefix("/gone"), "rewrite": {"uri": "/anything/"}, **to("two-ports")}]}],
        "/gone/x",
        307,  # the backend sends `//x` to `/x`
        ["rewrite-slashes"],
    ),
    Case("partial", [{"http": [HERE]}], "/", 201, [], host="*-partial"),
    Case(
        "wide",
        [{"http": [{**prefix("/api"), **HERE}]}, {"hosts": ["a.wide"], "http": [{**prefix("/ui"), **THERE}]}],
        "/api",
        404,
        ["wildcard-routes-hidden"],
        host="*.wide",
    ),
]


@pytest.fixture(scope="module")
def manifests(namespace: str) -> dict[str, list[dict[str, Any]]]:
    """The VirtualServices of every case, with the objects that all share under an empty name."""

    def istio(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
        metadata = {"name": name, "namespace": namespace}
        return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}

    def served(case: Case, number: int, spec: dict[str, Any]) -> dict[str, Any]:
        hosts = [f"{host}.{namespace}.example.com" for host in spec.get("hosts", [case.host or case.name])]
        bound = {**spec, "hosts": hosts, "gateways": ["web"]}
        return istio("VirtualService", f"{case.name}-{number}", bound)

    port = {"number": 80, "name": "http", "protocol": "HTTP"}
    hosts = [f"*.{namespace}.example.com"]
    web = istio(
        "Gateway", "web", {"selector": {"istio": "ingressgateway"}, "servers": [{"port": port, "hosts": hosts}]}
    )
    backend = [{**one, "metadata": {**one["metadata"], "namespace": namespace}} for one in yaml.safe_load_all(BACKEND)]
    made = {"": [web, *backend, istio("VirtualService", "team", DELEGATE)]}
    for case in CASES:
        made[case.name] = [served(case, number, spec) for number, spec in enumerate(case.services)]
    return made


@pytest.fixture(scope="module")
def applied(manifests: dict[str, list[dict[str, Any]]], namespace: str) -> None:
    everything = [one for some in manifests.values() for one in some]
    kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(everything))
    kubectl("rollout", "status", "deployment/httpbin", "--namespace", namespace, "--timeout=50s")


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_the_gateway_answers_as_the_rules_say(case: Case, applied: None, requests: Requests, namespace: str):
    host = {"partial": "a-partial", "wide": "a.wide"}.get(case.name, case.name)

    eventually(
        lambda: requests.http(f"{host}.{namespace}.example.com", case.path).status, lambda status: status == case.status
    )


def test_the_rules_find_it(case: Case, manifests: dict[str, list[dict[str, Any]]]):
    settings = rules.Settings(gateway_namespaces={"istio=ingressgateway": "istio-system"})
    found = rules.check([*manifests[""], *manifests[case.name]], now=datetime.now(UTC), settings=settings)

    assert [finding.rule for finding in found] == case.broken
