"""All that the API server and Istio's webhook refuse of one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from istio_ingress.rules.schema import structure
from istio_ingress.rules.schema.definitions import definitions
from istio_ingress.rules.schema.faults import Fault
from istio_ingress.rules.schema.fields import Fields
from istio_ingress.rules.schema.refusal import Refusal
from istio_ingress.rules.schema.refusals import REFUSALS
from istio_ingress.rules.values import UNKNOWN


def refused(manifest: Mapping[str, Any], namespace: str) -> Iterator[Refusal]:
    """What is wrong with an object of Istio's, each mistake once; nothing for other kinds and unknown versions."""
    group, _, version = str(manifest.get("apiVersion")).rpartition("/")
    definition = definitions().get((group, str(manifest.get("kind"))))
    whole = definition.versions.get(version) if definition else None
    if definition is None or whole is None:
        return
    faults = structure.faults(whole, manifest)
    for fault in faults:
        yield Refusal(fault.rule, fault.path, fault.message, fault.remedy)
    spec = (_without(manifest, faults) if faults else manifest).get("spec")
    if spec is None:
        spec = {}  # as Istio's webhook reads it
    judge = REFUSALS.get(definition.kind)
    if judge and isinstance(spec, (dict, Mapping)) and not any(key.startswith("$") for key in manifest):
        yield from judge(Fields(spec, "spec"), namespace)


def _without(manifest: Mapping[str, Any], faults: list[Fault]) -> Mapping[str, Any]:
    """A copy in which what is wrong already is unknown, so that nothing is said of it again."""
    copied: dict[str, Any] = _copy(manifest)
    for fault in faults:
        *way, last = fault.steps
        inner: Any = copied
        above = [inner]
        for step in way:
            inner = _inside(inner, step)
            above.append(inner)
        if fault.rule == "field-unknown" and isinstance(_inside(inner, last), str | int | float):
            for one in filter(lambda one: isinstance(one, dict), above):
                one.setdefault(
                    last, UNKNOWN
                )  # a weight or a timeout that stands too deep is not missing where it belongs
        if isinstance(inner, (dict, list)):
            _set(inner, last)
            if fault.meant and isinstance(inner, dict):
                inner.setdefault(fault.meant, UNKNOWN)
    return copied


def _inside(inner: Any, step: Any) -> Any:
    return inner.get(step) if isinstance(inner, dict) else inner[step] if isinstance(inner, list) else None


def _set(inner: Any, step: Any) -> None:
    inner[step] = UNKNOWN


def _copy(value: Any) -> Any:
    if isinstance(value, (dict, Mapping)):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_copy(item) for item in value]
    return value
