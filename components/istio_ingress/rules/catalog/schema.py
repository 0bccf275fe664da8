"""Rules about what the API server refuses: an object that is not what its CRD says."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from functools import cache

from istio_ingress.rules.catalog.examples import VIRTUAL_SERVICE
from istio_ingress.rules.catalog.refusals import refused
from istio_ingress.rules.finding import Problem, Severity
from istio_ingress.rules.index import Index
from istio_ingress.rules.kinds import KINDS
from istio_ingress.rules.registry import Example, rule
from istio_ingress.rules.resources import Resource
from istio_ingress.rules.schema import placement
from istio_ingress.rules.schema.definitions import definitions, groups
from istio_ingress.rules.words import quoted, some

_CRDS = "istio manifests/charts/base/files/crd-all.gen.yaml (openAPIV3Schema)"
_CART = "route: [{destination: {host: cart}}]"
_HEAD = f"{VIRTUAL_SERVICE}\n  hosts: [shop.example]\n  gateways: [shop]\n  http:\n"
#: Kind, rule and field of what a rule of its own says, in better words.
_TOLD_BY_OTHERS = {
    *(
        ("Gateway", "field-missing", name)
        for name in ("spec", "servers", "hosts", "port", "number", "name", "protocol")
    ),
    ("Gateway", "value-refused", "name"),
    *(("VirtualService", "field-missing", name) for name in ("match", "sniHosts")),
}

_TOO_MANY_TOLD_BY_OTHERS = {("value-refused", "credentialNames"), ("value-refused", "tlsCertificates")}


@rule(
    Resource,
    "kind-unknown",
    Severity.ERROR,
    source=_CRDS,
    example=Example.fixed(
        f"{_HEAD}  - {_CART}\n".replace("VirtualService", "Virtualservice"), ("Virtualservice", "VirtualService")
    ),
)
def kind_unknown(resource: Resource, _: Index) -> Iterator[Problem]:
    """The API server refuses a kind of Istio's that there is not, or not in this API or this version of it."""
    written = resource.node.text("apiVersion")
    if resource.group not in groups():
        yield from _of_unknown_group(resource, written)
        return
    if not resource.kind or resource.kind.endswith("List"):
        return
    definition = definitions().get((resource.group, resource.kind))
    if definition is None:
        kinds = {kind: group for group, kind in definitions()}
        meant = resource.kind if resource.kind in kinds else placement.near(resource.kind, kinds)
        if not meant and not any(kind.name == resource.kind for kind in KINDS):
            return  # a vendor's, who took Istio's group for it
        there = sorted(kind for group, kind in definitions() if group == resource.group)
        remedy = f"Write {meant} of {kinds[meant]}." if meant else f"There are {some(there, 12)}."
        yield Problem(resource, "kind", f"{written} has no kind {quoted(resource.kind)}.", remedy)
    elif written.rpartition("/")[2] not in definition.versions:
        message = f"{resource.kind} has no version {written}."
        yield Problem(resource, "apiVersion", message, f"Write {resource.group}/{definition.newest}.")


@rule(
    Index,
    "field-unknown",
    Severity.ERROR,
    source=_CRDS,
    example=Example.fixed(f"{_HEAD}  - timout: 5s\n    {_CART}\n", ("timout", "timeout")),
)
def field_unknown(index: Index, _: Index) -> Iterator[Problem]:
    """A field that there is not is refused by kubectl; other clients have it dropped without a word."""
    return _told_here(index, "field-unknown")


@rule(
    Index,
    "field-missing",
    Severity.ERROR,
    source=_CRDS,
    example=Example.fixed(f"{_HEAD}  - directResponse: {{}}\n", ("{}", "{status: 503}")),
)
def field_missing(index: Index, _: Index) -> Iterator[Problem]:
    """The API server refuses an object without a field that its CRD requires."""
    return _told_here(index, "field-missing")


@rule(
    Index,
    "fields-exclusive",
    Severity.ERROR,
    source=f"{_CRDS}, oneOf",
    example=Example.fixed(
        f"{_HEAD}  - match: [{{uri: {{exact: /, prefix: /cart}}}}]\n    {_CART}\n", ("exact: /, ", "")
    ),
)
def fields_exclusive(index: Index, _: Index) -> Iterator[Problem]:
    """The API server refuses two fields of which only one can stand, such as `exact` and `prefix`."""
    return _told_here(index, "fields-exclusive")


@rule(
    Index,
    "value-refused",
    Severity.ERROR,
    source=f"{_CRDS}, enum, minimum, pattern, x-kubernetes-validations and the like",
    example=Example.fixed(
        f"{_HEAD}  - corsPolicy: {{unmatchedPreflights: forward}}\n    {_CART}\n", ("forward", "FORWARD")
    ),
)
def value_refused(index: Index, _: Index) -> Iterator[Problem]:
    """The API server refuses a value that is none of those listed, too large, too long or of another form."""
    return _told_here(index, "value-refused")


@rule(
    Index,
    "duration-invalid",
    Severity.ERROR,
    source=f"{_CRDS}; istio pkg/config/validation/agent/validation.go ValidateDuration",
    example=Example.fixed(f"{_HEAD}  - timeout: '30'\n    {_CART}\n", ("'30'", "30s")),
)
def duration_invalid(index: Index, _: Index) -> Iterator[Problem]:
    """Istio refuses a duration without a unit, shorter than 1ms or finer than that; Go's units end with `h`."""
    return _told_here(index, "duration-invalid")


def _of_unknown_group(resource: Resource, written: str) -> Iterator[Problem]:
    """A kind of Istio's whose API has no version, or a name that is almost one of Istio's."""
    near = (written,) if written in groups() else _groups_near(resource.group)
    definition = definitions().get((near[0], resource.kind)) if near else None
    if definition:
        remedy = f"Write {near[0]}/{definition.newest}."
        yield Problem(resource, "apiVersion", f"There is no API {quoted(written)}.", remedy)


@cache
def _groups_near(group: str) -> tuple[str, ...]:
    return tuple(difflib.get_close_matches(group, groups(), n=1, cutoff=0.85))


def _told_here(index: Index, rule_id: str) -> Iterator[Problem]:
    for problem in refused(index, rule_id):
        field = problem.path.rpartition(".")[2]
        too_many = problem.message.startswith("There are") and (rule_id, field) in _TOO_MANY_TOLD_BY_OTHERS
        if not too_many and (problem.resource.kind, rule_id, field) not in _TOLD_BY_OTHERS:
            yield problem
