"""The shapes that the rules expect manifests to have; those of Istio's kinds are in its CRDs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from istio_ingress.rules.catalog.examples import GATEWAY
from istio_ingress.rules.catalog.refusals import refused
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.ingresses import Ingress, IngressClass
from istio_ingress.rules.makers import Certificate, ExternalSecret, Issuer, SealedSecret, VaultSecret
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import GatewayApiGateway, Namespace, Resource, Workload
from istio_ingress.rules.routing import Service
from istio_ingress.rules.secrets import Secret
from istio_ingress.rules.values import UNKNOWN, MalformedError, UnknownValueError

#: Mappings stand for mappings, {str: x} for any keys; fields that no rule reads are left out.
_METADATA = {"name": str, "namespace": str}
_BACKEND = {"service": {"name": str, "port": {"number": int, "name": str}}}
_SPECS: dict[type[Resource], Any] = {
    Service: {"selector": {str: str}, "ports": [{"port": int, "name": str}]},
    Ingress: {
        "ingressClassName": str,
        "tls": [{"hosts": [str], "secretName": str}],
        "rules": [{"host": str, "http": {"paths": [{"path": str, "pathType": str, "backend": _BACKEND}]}}],
        "defaultBackend": _BACKEND,
    },
    IngressClass: {"controller": str},
    GatewayApiGateway: {},
    Certificate: {"secretName": str, "dnsNames": [str]},
    Issuer: {"acme": {"solvers": [{}]}},
    ExternalSecret: {"target": {"name": str}},
    SealedSecret: {"template": {"metadata": {"name": str}}},
    VaultSecret: {"destination": {"name": str}},
}
SHAPES: dict[type[Resource], Any] = {
    Secret: {"data": {str: str}, "stringData": {str: str}},
    Namespace: {},
    Workload: {"metadata": {"labels": {str: str}}, "spec": {"template": {"metadata": {"labels": {str: str}}}}},
    **{kind: {"spec": spec} for kind, spec in _SPECS.items()},
}
_WORDS = {str: "a string", int: "a whole number", bool: "true or false"}


@rule(
    Index,
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
def malformed(index: Index, _: Index) -> Iterator[Problem]:
    """A field of the wrong type is refused by the API server, and no other rule can read it."""
    yield from refused(index, "manifest-malformed")
    for kind, shape in SHAPES.items():
        for resource in index.every(kind):
            for fault in _faults(resource, shape):
                yield Problem(resource, fault.path, f"This is {fault.found}.", f"It must be {fault.wanted}.")


def _faults(resource: Resource, shape: object) -> list[MalformedError]:
    wrong: list[MalformedError] = []
    _compare(resource.node.value, {"metadata": _METADATA}, (), wrong)
    _compare(resource.node.value, shape, (), wrong)
    if isinstance(resource, Secret) and not wrong:
        for key in resource.keys:
            try:
                resource.value(key)
            except MalformedError as error:
                wrong.append(error)
            except UnknownValueError:
                continue
    return wrong


def _compare(value: object, shape: object, path: tuple[str, ...], wrong: list[MalformedError]) -> None:
    if value is None or value is UNKNOWN:
        return
    if isinstance(shape, dict):
        if not isinstance(value, (dict, Mapping)):
            wrong.append(MalformedError(_written(path), "a mapping", value))
            return
        for key, inner in shape.items():
            for name in list(value) if key is str else [key]:
                item = value.get(name)
                if type(item) is not inner:  # what most are is right, and needs no path
                    _compare(item, inner, (*path, f".{name}"), wrong)
    elif isinstance(shape, list):
        if isinstance(value, str) or not isinstance(value, (list, Sequence)):
            wrong.append(MalformedError(_written(path), "a list", value))
            return
        for position, item in enumerate(value):
            if type(item) is not shape[0]:
                _compare(item, shape[0], (*path, f"[{position}]"), wrong)
    elif isinstance(shape, type) and not _is(value, shape):
        wrong.append(MalformedError(_written(path), _WORDS[shape], value))


def _written(path: tuple[str, ...]) -> str:
    return "".join(path).removeprefix(".")


def _is(value: object, kind: type) -> bool:
    if kind is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool)
    return isinstance(value, kind)
