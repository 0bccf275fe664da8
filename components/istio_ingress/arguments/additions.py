"""What a person adds to the objects that a component declares: labels, annotations, fields for which it has no word."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NotRequired, TypedDict

import pulumi

from ..refusal import Complaint
from ..rules.names import LONGEST_LABEL, is_label_key, is_label_value


class ApiVersion(Enum):
    """Versions of the API group networking.istio.io. They differ in nothing but their names."""

    V1 = "v1"
    V1BETA1 = "v1beta1"
    V1ALPHA3 = "v1alpha3"


class ObjectArgs(TypedDict):
    """What holds for every Kubernetes object of a component."""

    labels: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Labels of all its objects. Those of pods stay as they are."""

    annotations: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Annotations of all its objects."""

    patches: NotRequired[Mapping[str, Mapping[str, Any]]]
    """By kind, such as `Gateway`: what is merged into its objects before the rules judge them, in Kubernetes' own
    words: `metadata` (labels and annotations) and `spec`. None takes a field away, a list stands for the whole one, and
    a mapping in place of a list is merged into each of its items."""

    api_version: NotRequired[ApiVersion]
    """The version of networking.istio.io in which Istio's objects are written. Default: `v1`."""


class GatewayArgs(ObjectArgs):
    """What holds for the Gateway of a component and for the routes on it."""

    bind: NotRequired[pulumi.Input[str]]
    """The address of the pods at which the Gateway's servers listen. Default: all."""

    export_to: NotRequired[Sequence[pulumi.Input[str]]]
    """The namespaces whose gateways and pods the routes reach; `.` is their own. Default: all."""


# What a patch may say beside `metadata`.
_FIELDS = {
    "ConfigMap": (),
    "Deployment": ("spec",),
    "DestinationRule": ("spec",),
    "Gateway": ("spec",),
    "Ingress": ("spec",),
    "IngressClass": ("spec",),
    "Secret": (),
    "Service": ("spec",),
    "VirtualService": ("spec",),
}


@dataclass(frozen=True)
class Additions:
    """An `ObjectArgs` with its defaults filled in."""

    labels: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    annotations: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    patches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    api_version: ApiVersion = ApiVersion.V1

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> "Additions":
        """What of a component's arguments is about its objects."""
        return cls(
            args.get("labels", {}),
            args.get("annotations", {}),
            args.get("patches", {}),
            ApiVersion(args.get("api_version", ApiVersion.V1)),
        )

    def merged(self, kind: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of an object of a kind, with what is added to them."""
        said = {"labels": self.labels, "annotations": self.annotations}
        metadata = {part: added for part, added in said.items() if added}
        made: dict[str, Any] = merge(fields, {"metadata": metadata} if metadata else {})
        whole: dict[str, Any] = merge(made, self.patches.get(kind, {}))
        return whole


def merge(value: Any, patch: Any) -> Any:
    """A value with a patch merged into it: mapping by mapping, into each item of a list; all else is replaced."""
    if not isinstance(patch, Mapping):
        return patch
    if isinstance(value, pulumi.Output):
        return value.apply(lambda known: pulumi.Output.from_input(merge(known, patch)))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [merge(item, patch) for item in value]
    whole = dict(value) if isinstance(value, Mapping) else {}
    for key, added in patch.items():
        if added is None:
            whole.pop(key, None)
        else:
            whole[key] = merge(whole.get(key), added)
    return whole


def complaints(args: Mapping[str, Any], kinds: Sequence[str]) -> Iterator[Complaint]:
    """What cannot be added to objects of these kinds."""
    for part in ("labels", "annotations"):
        yield from _name_complaints(part, args.get(part, {}))
    for kind, patch in args.get("patches", {}).items():
        if kind not in kinds:
            yield Complaint("patches", kind, f"a mapping by kinds that it declares: {', '.join(sorted(kinds))}")
            return
        for complaint in _patch_complaints(patch, _FIELDS[kind]):
            yield complaint.under(f"patches.{kind}")


def _name_complaints(part: str, told: Any) -> Iterator[Complaint]:
    for name, value in told.items() if isinstance(told, Mapping) else ():
        if not isinstance(name, str) or not is_label_key(name):
            yield Complaint(part, name, "a mapping by names, such as 'team' or 'example.com/team'")
        if part == "labels" and isinstance(value, str) and not is_label_value(value):
            wanted = f"at most {LONGEST_LABEL} letters, digits, '-', '_' and '.', a letter or digit first and last"
            yield Complaint(f"{part}.{name}", value, wanted)


def _patch_complaints(patch: Mapping[str, Any], fields: Sequence[str]) -> Iterator[Complaint]:
    for name, value in patch.items():
        if name not in ("metadata", *fields):
            allowed = " and ".join(f"`{one}`" for one in ("metadata", *fields))
            yield Complaint(name, value, f"left out: a patch says something of {allowed}")
        elif not isinstance(value, Mapping):
            yield Complaint(name, value, "a mapping")
    metadata = patch.get("metadata")
    for name, value in metadata.items() if isinstance(metadata, Mapping) else ():
        if name not in ("labels", "annotations"):
            yield Complaint(f"metadata.{name}", value, "left out: names and namespaces have fields of their own")
        elif not isinstance(value, Mapping):
            yield Complaint(f"metadata.{name}", value, "a mapping")
        else:
            for complaint in _name_complaints(name, value):
                yield complaint.under("metadata")
