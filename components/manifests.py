"""Kubernetes objects that a program declares, as the manifests that `rules` reads.

A value that is not known yet stands in a manifest as `Later`, and is filled in whenever the manifest is asked for.
"""

import asyncio
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import pulumi
from pulumi.output import UNKNOWN, Unknown

Fields = dict[str, Any]


class Later:
    """A value that becomes known while the program runs, or does not."""

    __slots__ = ("_output", "settled", "value")

    def __init__(self, output: "pulumi.Output[Any] | asyncio.Future[Any]", value: Any = UNKNOWN) -> None:
        """Watch an Output; or, with a `value`, take that for it from the start."""
        self._output, self.value = output, value
        self.settled: asyncio.Future[None] | None = asyncio.ensure_future(self._read()) if value is UNKNOWN else None

    @property
    def pending(self) -> bool:
        """Whether there is something to wait for."""
        return self.settled is not None and not self.settled.done()

    async def _read(self) -> None:
        try:
            output = pulumi.Output.from_input(self._output)
            if (value := await output.future(with_unknowns=True)) is not None or await output.is_known():
                self.value = value
        except Exception:  # noqa: BLE001 - whoever needs the value reports why there is none
            return


class ObjectType(NamedTuple):
    """Which Kubernetes objects a Pulumi resource stands for."""

    api_version: str
    kind: str

    @classmethod
    def of(cls, token: str) -> "ObjectType | None":
        """From `kubernetes:core/v1:Service`; None for what is no single object, or only a patch of one."""
        package, _, rest = token.partition(":")
        version, _, kind = rest.rpartition(":")
        if package != "kubernetes" or kind.endswith(("Patch", "List")) or version.startswith(_NO_OBJECTS):
            return None
        return cls(version.removeprefix("core/"), kind)

    @property
    def is_gateway(self) -> bool:
        """Whether it is an Istio Gateway."""
        return self.kind == "Gateway" and self.api_version.startswith(_ISTIO)


_NO_OBJECTS = ("helm.sh", "kustomize", "yaml")
_ISTIO = "networking.istio.io/"
_WHOLE = frozenset({"Secret", "Service"})
_WORKLOADS = frozenset({"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"})
# Mappings whose keys are people's own words, not field names.
_FREE = frozenset({"annotations", "data", "labels", "match_labels", "selector", "string_data", "stringData"})


class Watched:
    """Every `Later` of one program, each Output once."""

    def __init__(self) -> None:
        self._by_output: dict[int, Later] = {}
        self._kept: list[object] = []

    def later(self, output: "pulumi.Output[Any] | asyncio.Future[Any]", value: Any = UNKNOWN) -> Later:
        """The `Later` of an Output; with a `value`, that is taken for it."""
        if id(output) not in self._by_output or value is not UNKNOWN:
            self._by_output[id(output)] = Later(output, value)
            self._kept.append(output)  # so that no other Output gets its id
        return self._by_output[id(output)]


class Declared:
    """One Kubernetes object of the program."""

    def __init__(self, args: pulumi.ResourceTransformationArgs, what: ObjectType, watched: Watched) -> None:
        """Read a resource's arguments as they are before it is registered."""
        self.resource, self.what, self.name = args.resource, what, args.name
        self._token, self._watched = args.type_, watched
        self.laters: list[Later] = []
        self._fields = self._read(args)

    def say(self, name: str, data: Mapping[str, pulumi.Input[str]]) -> None:
        """Tell a Secret's name and its contents one by one; its arguments hold them as one secret."""
        self._fields["metadata"] = {**self._fields["metadata"], "name": name}
        self._fields["data"] = {key: self._plain(value, camel=False) for key, value in data.items()}

    @property
    def known_name(self) -> str:
        """Its name, or the alias that it goes by; empty where neither is known yet."""
        metadata = _fill(self._fields["metadata"], None)
        return str(metadata.get("name") or "") if isinstance(metadata, Mapping) else ""

    @property
    def provider(self) -> int:
        """What tells clusters apart: objects of different providers are not held against each other."""
        return id(self.resource.get_provider(self._token))

    def manifest(self, unknown: object) -> Fields:
        """The object as far as it is known, with `unknown` for what is not."""
        filled: Fields = _fill(self._fields, unknown)
        return filled

    def find_name(self) -> None:
        """Once the resource is constructed: the name that the provider makes for an object without one."""
        named = self._fields["metadata"]
        made = getattr(self.resource, "metadata", None)
        if isinstance(named, dict) and "name" not in named and isinstance(made, pulumi.Output):
            named["name"] = self._later(made["name"])

    def _read(self, args: pulumi.ResourceTransformationArgs) -> Fields:
        props: Mapping[str, Any] = args.props
        fields: Fields = {"apiVersion": self.what.api_version, "kind": self.what.kind}
        if args.opts.id is not None:  # somebody else's, of which only the name is known
            return {**fields, "metadata": _identity(args.opts.id), "data": UNKNOWN, "spec": UNKNOWN}
        camel = type(args.resource).__name__ != "CustomResource"  # which takes its spec as it is
        metadata = self._plain(props.get("metadata"), camel=True)
        fields["metadata"] = {} if metadata is None else metadata
        if self.what.kind in _WORKLOADS:
            return {**fields, "spec": self._labels_of_pods(props.get("spec"))}
        if self.what.kind in _WHOLE or self.what.api_version.startswith(_ISTIO):
            rest = {key: value for key, value in props.items() if key not in ("api_version", "kind", "metadata")}
            return {**self._plain(rest, camel=True, nested=camel), **fields}
        return fields

    def _labels_of_pods(self, spec: Any) -> Any:
        """All that a rule asks of a workload."""
        for field in ("template", "metadata"):
            spec = spec if _is_later(spec) else _members(spec).get(field)
        return {"template": {"metadata": self._plain(spec, camel=True)}}

    def _later(self, output: Any) -> Later:
        later = self._watched.later(output)
        self.laters.append(later)
        return later

    def _plain(self, value: Any, *, camel: bool, nested: bool | None = None) -> Any:
        """The value as JSON would hold it; `camel`: names of fields may be written as Python does.

        `nested` says the same of what is inside, where it differs.
        """
        if _is_later(value):
            return self._later(value)
        if inspect.isawaitable(value):
            return UNKNOWN  # a coroutine can be awaited once, and that is the registration's
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, Sequence):
            return [self._plain(item, camel=camel) for item in value]
        inner = camel if nested is None else nested
        return {
            _camel(key) if camel else key: self._plain(item, camel=inner and key not in _FREE)
            for key, item in _members(value).items()
            if item is not None
        }


def _members(value: Any) -> Mapping[str, Any]:
    """A mapping's items, or those of a generated `…Args`."""
    return value if isinstance(value, Mapping) else getattr(value, "__dict__", {})


def _is_later(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or asyncio.isfuture(value)


def _camel(key: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), key)


def _fill(value: Any, unknown: object) -> Any:
    if isinstance(value, Later):
        value = value.value
    if isinstance(value, Unknown):
        return unknown
    if isinstance(value, Mapping):
        return {key: _fill(item, unknown) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fill(item, unknown) for item in value]
    return value.value if isinstance(value, Enum) else value


def _identity(resource_id: Any) -> Any:
    """Metadata from the id of an object that is read: `namespace/name`, or a name in `default`."""
    if not isinstance(resource_id, str):
        return UNKNOWN
    namespace, _, name = resource_id.rpartition("/")
    return {"name": name, "namespace": namespace or "default"}


def credential_names(gateway: Fields) -> Iterator[str]:
    """The Secrets that a Gateway's manifest names, as far as it is known, and where their CA may stand."""
    for tls in _known_tls(gateway):
        for name in [tls.get("credentialName"), tls.get("caCertCredentialName"), *(tls.get("credentialNames") or ())]:
            if isinstance(name, str):
                yield from (name, f"{name}-cacert")


def _known_tls(gateway: Fields) -> Iterator[Mapping[str, Any]]:
    spec = gateway.get("spec")
    servers = spec.get("servers") if isinstance(spec, Mapping) else None
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, Mapping) and isinstance(server.get("tls"), Mapping):
            yield server["tls"]
