"""Kubernetes objects that a program declares, as the manifests that `rules` reads.

A value that is not known yet stands in a manifest as `Later`, and is filled in whenever the manifest is asked for.
"""

import asyncio
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Any, NamedTuple

import pulumi

from ..rules import kinds
from ..rules.credential_keys import CA_SUFFIX
from ..rules.resources import Gateway
from ..sdk.values import UNKNOWN, is_unknown, value_of
from . import providers

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
            self.value = await value_of(pulumi.Output.from_input(self._output))
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
        kind = kinds.find(self.api_version, self.kind)
        return kind is not None and kind.resource is Gateway


_NO_OBJECTS = ("helm.sh", "kustomize", "yaml")
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
        self._watched = watched
        self.is_owned = args.opts.id is None
        self._paths = [path.split(".") for path in kinds.fields(*what)]
        self._camel = type(args.resource).__name__ != "CustomResource"  # which takes its spec as it is
        self.laters: list[Later] = []
        self.read(args)

    def read(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Read the arguments, or read them again where a transformation may have changed them."""
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
        return id(providers.of(self.resource))

    def manifest(self, unknown: object) -> Fields:
        """The object as far as it is known, with `unknown` for what is not."""
        filled: Fields = _fill(self._fields, unknown)
        return filled

    async def take_registered(self, aliases: Set[str]) -> bool:
        """Once nothing is left to become known: be what the engine registered; whether a transform changed it.

        Args:
            aliases: names that stand for others, which are no change.
        """
        declared = self.manifest(UNKNOWN)
        made = {field: await _made(self.resource, field) for field in declared.keys() - {"apiVersion", "kind"}}
        parts = {
            "metadata": self._plain(made["metadata"], camel=True),
            **self._parts(made, self._paths, camel=self._camel),
        }
        self._fields = {field: _merged(value, parts.get(field)) for field, value in declared.items()}
        is_core = "." not in self.what.api_version  # to which the API server adds defaults
        return any(
            _differs(value, self._fields[field], aliases, may_grow=is_core or field == "metadata")
            for field, value in declared.items()
        )

    def find_name(self) -> None:
        """Once the resource is constructed: the name that the provider makes for an object without one."""
        named = self._fields["metadata"]
        made = getattr(self.resource, "metadata", None)
        if isinstance(named, dict) and "name" not in named and isinstance(made, pulumi.Output):
            named["name"] = self._later(made["name"])

    def _read(self, args: pulumi.ResourceTransformationArgs) -> Fields:
        fields: Fields = {"apiVersion": self.what.api_version, "kind": self.what.kind}
        paths = self._paths
        if args.opts.id is not None:  # somebody else's, of which only the name is known
            return {**fields, "metadata": _identity(args.opts.id), **{path[0]: UNKNOWN for path in paths}}
        metadata = self._plain(args.props.get("metadata"), camel=True)
        fields["metadata"] = {} if metadata is None else metadata
        return {**fields, **self._parts(args.props, paths, camel=self._camel)}

    def _parts(self, value: Any, paths: Sequence[Sequence[str]], *, camel: bool) -> Fields:
        """The fields of a value that paths lead to, inside what is around them."""
        members = {_camel(key): member for key, member in _members(value).items() if member is not None}
        parts: Fields = {}
        for name in {path[0] for path in paths} & members.keys():
            below = [path[1:] for path in paths if path[0] == name]
            if all(below) and not _is_later(members[name]) and not is_unknown(members[name]):
                parts[name] = self._parts(members[name], below, camel=camel)
            else:
                parts[name] = self._plain(members[name], camel=camel and name not in _FREE)
        return parts

    def _later(self, output: Any) -> Later:
        later = self._watched.later(output)
        self.laters.append(later)
        return later

    def _plain(self, value: Any, *, camel: bool) -> Any:
        """The value as JSON would hold it; `camel`: names of fields may be written as Python does."""
        if _is_later(value):
            return self._later(value)
        if is_unknown(value) or inspect.isawaitable(value):
            return UNKNOWN  # a coroutine can be awaited once, and that is the registration's
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, Sequence):
            return [self._plain(item, camel=camel) for item in value]
        return {
            _camel(key) if camel else key: self._plain(item, camel=camel and key not in _FREE)
            for key, item in _members(value).items()
            if item is not None
        }


async def _made(resource: pulumi.Resource, field: str) -> Any:
    output = getattr(resource, re.sub("([A-Z])", r"_\1", field).lower(), None)
    if not isinstance(output, pulumi.Output):
        return UNKNOWN
    try:
        return await value_of(output)
    except Exception:  # noqa: BLE001 - whoever needs the value reports why there is none
        return UNKNOWN


def _merged(declared: Any, made: Any) -> Any:
    """What was made of a value; what was declared where that is not known, as in a preview."""
    if made is None or is_unknown(made):
        return declared
    if isinstance(declared, Mapping) and isinstance(made, Mapping):
        return {key: _merged(declared.get(key), value) for key, value in made.items()}
    if isinstance(declared, list) and isinstance(made, list) and len(declared) == len(made):
        return [_merged(*pair) for pair in zip(declared, made, strict=True)]
    return made


def _differs(declared: Any, made: Any, aliases: Set[str], *, may_grow: bool) -> bool:
    if isinstance(declared, Mapping) and isinstance(made, Mapping):
        told = {key: value for key, value in declared.items() if value not in ({}, [])}
        if told.keys() - made.keys() or (not may_grow and made.keys() - declared.keys()):
            return True
        return any(_differs(value, made[key], aliases, may_grow=may_grow) for key, value in told.items())
    if isinstance(declared, list) and isinstance(made, list) and len(declared) == len(made):
        return any(_differs(*pair, aliases, may_grow=may_grow) for pair in zip(declared, made, strict=True))
    return bool(declared != made and not (isinstance(declared, str) and declared.removesuffix(CA_SUFFIX) in aliases))


def _members(value: Any) -> Mapping[str, Any]:
    """A mapping's items, or those of a generated `…Args`."""
    if isinstance(value, dict):
        return dict(dict.items(value))  # a generated type may have a field that is called `items`
    return value if isinstance(value, Mapping) else getattr(value, "__dict__", {})


def _is_later(value: Any) -> bool:
    return isinstance(value, pulumi.Output) or asyncio.isfuture(value)


def _camel(key: str) -> str:
    return re.sub("_([a-z])", lambda found: found[1].upper(), key)


def _fill(value: Any, unknown: object) -> Any:
    if isinstance(value, Later):
        value = value.value
    if is_unknown(value):
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
                yield from (name, name + CA_SUFFIX)


def _known_tls(gateway: Fields) -> Iterator[Mapping[str, Any]]:
    spec = gateway.get("spec")
    servers = spec.get("servers") if isinstance(spec, Mapping) else None
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, Mapping) and isinstance(server.get("tls"), Mapping):
            yield server["tls"]
