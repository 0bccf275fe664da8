"""The shapes that the rules expect manifests to have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.catalog.examples import GATEWAY
from rules.finding import Problem, Severity
from rules.index import Index
from rules.registry import Example, rule
from rules.resources import Gateway, Resource, Workload
from rules.routing import DestinationRule, Service, ServiceEntry, VirtualService
from rules.secrets import Secret
from rules.values import UNKNOWN, MalformedError, UnknownValueError

#: Mappings stand for mappings, [x] for a list of x, {str: x} for any keys; fields that no rule reads are left out.
_MATCH = {"exact": str, "prefix": str, "regex": str}
_DESTINATION = {"host": str, "subset": str, "port": {"number": int}}
_ROUTES = [{"destination": _DESTINATION}]
_L4 = {"port": int, "gateways": [str], "sniHosts": [str]}
_METADATA = {"name": str, "namespace": str}
_SPECS: dict[type[Resource], Any] = {
    Gateway: {
        "selector": {str: str},
        "servers": [
            {
                "port": {"number": int, "name": str, "protocol": str},
                "hosts": [str],
                "bind": str,
                "tls": {
                    "mode": str,
                    "credentialName": str,
                    "credentialNames": [str],
                    "httpsRedirect": bool,
                    "minProtocolVersion": str,
                    "cipherSuites": [str],
                },
            }
        ],
    },
    VirtualService: {
        "hosts": [str],
        "gateways": [str],
        "http": [
            {
                "match": [{"uri": _MATCH, "port": int, "gateways": [str], "headers": {str: _MATCH}}],
                "route": _ROUTES,
                "mirror": _DESTINATION,
            }
        ],
        "tls": [{"match": [_L4], "route": _ROUTES}],
        "tcp": [{"match": [_L4], "route": _ROUTES}],
    },
    Service: {"selector": {str: str}, "ports": [{"port": int, "name": str}]},
    ServiceEntry: {"hosts": [str], "exportTo": [str], "ports": [{"number": int}]},
    DestinationRule: {"host": str, "subsets": [{"name": str}]},
}
_SHAPES: dict[type[Resource], Any] = {
    Secret: {"data": {str: str}, "stringData": {str: str}},
    Workload: {"metadata": {"labels": {str: str}}, "spec": {"template": {"metadata": {"labels": {str: str}}}}},
    **{kind: {"spec": spec} for kind, spec in _SPECS.items()},
}
_WORDS = {str: "a string", int: "a whole number", bool: "true or false"}


@rule(
    Resource,
    "manifest-malformed",
    Severity.ERROR,
    source="istio manifests/charts/base/files/crd-all.gen.yaml (openAPIV3Schema)",
    example=Example.fixed(
        f"""{GATEWAY}
  - port: {{number: "80", name: http, protocol: HTTP}}
    hosts: [shop.example]
""",
        ('number: "80"', "number: 80"),
    ),
)
def malformed(resource: Resource, _: Index) -> Iterator[Problem]:
    """A field of the wrong type is refused by the API server, and no other rule can read it."""
    wrong: list[MalformedError] = []
    for kind, shape in _SHAPES.items():
        if isinstance(resource, kind):
            _compare(resource.node.value, {"metadata": _METADATA}, "", wrong)
            _compare(resource.node.value, shape, "", wrong)
    if isinstance(resource, Secret) and not wrong:
        for key in resource.keys:
            try:
                resource.value(key)
            except MalformedError as error:
                wrong.append(error)
            except UnknownValueError:
                continue
    for fault in wrong:
        yield Problem(resource, fault.path, f"This is {fault.found}.", f"It must be {fault.wanted}.")


def _compare(value: object, shape: object, path: str, wrong: list[MalformedError]) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(shape, dict):
        if not isinstance(value, Mapping):
            wrong.append(MalformedError(path, "a mapping", value))
            return
        for key, inner in shape.items():
            for name in list(value) if key is str else [key]:
                _compare(value.get(name), inner, f"{path}.{name}".lstrip("."), wrong)
    elif isinstance(shape, list):
        if isinstance(value, str) or not isinstance(value, Sequence):
            wrong.append(MalformedError(path, "a list", value))
            return
        for position, item in enumerate(value):
            _compare(item, shape[0], f"{path}[{position}]", wrong)
    elif isinstance(shape, type) and not _is(value, shape):
        wrong.append(MalformedError(path, _WORDS[shape], value))


def _is(value: object, kind: type) -> bool:
    if kind is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    return isinstance(value, kind)
