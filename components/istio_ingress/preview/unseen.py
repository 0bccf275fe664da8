"""What a program declares and does not see into: Helm releases, and components whose children the engine makes."""

import inspect
from typing import Any

import pulumi

from ..sdk import program
from ..sdk.values import UNKNOWN, is_unknown
from . import providers
from .declared import Later, Watched

_RELEASE = "kubernetes:helm.sh/v3:Release"
# What makes objects in one namespace, but for those that name another.
_IN_ONE_NAMESPACE = (_RELEASE, "kubernetes:helm.sh/v4:Chart")
_OF_MANIFESTS = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigFile")

_PROPS = ("namespace", "yaml", "objs", "files", "file")


class Unseen:
    """One such resource, and the namespaces that its objects may be in."""

    def __init__(self, args: pulumi.ResourceTransformationArgs, watched: Watched) -> None:
        """Read a resource's arguments as they are before it is registered."""
        self.resource, self._type = args.resource, args.type_
        self._named = f'{args.type_.rsplit(":", 1)[-1]} "{args.name}"'
        self._props = {name: _read(args.props.get(name), watched) for name in _PROPS}

    @staticmethod
    def may_be(args: pulumi.ResourceTransformationArgs) -> bool:
        """Whether it looks like one before it is registered: see `is_one`."""
        return args.type_ == _RELEASE or isinstance(args.resource, pulumi.ComponentResource)

    @property
    def is_one(self) -> bool:
        """Whether nobody sees what it makes."""
        return self._type == _RELEASE or program.is_remote(self.resource)

    def __str__(self) -> str:
        return self._named

    @property
    def provider(self) -> int:
        """As `Declared.provider`: what tells clusters apart."""
        return id(providers.of(self.resource))

    def reaches(self, namespace: str, default: str) -> bool:
        """Whether an object in a namespace may be its own.

        Args:
            namespace: where the object would be; `*` for anywhere.
            default: the namespace of objects that name none.
        """
        reach = self._namespaces(default)
        return namespace == "*" or reach is None or namespace in reach

    def _namespaces(self, default: str) -> set[str] | None:
        """The namespaces that it can reach; None for all, where they cannot be known."""
        props = {name: value.value if isinstance(value, Later) else value for name, value in self._props.items()}
        if any(map(is_unknown, props.values())):
            return None
        if self._type in _IN_ONE_NAMESPACE:
            return {str(props["namespace"] or default)}
        if self._type in _OF_MANIFESTS and not (props["files"] or props["file"]):
            return _namespaces_of(props["yaml"], props["objs"], default)
        return None


def _read(value: Any, watched: Watched) -> Any:
    if isinstance(value, pulumi.Output):
        return watched.later(value)
    return UNKNOWN if inspect.isawaitable(value) else value


def _namespaces_of(text: Any, objects: Any, default: str) -> set[str] | None:
    """The namespaces that manifests name; None where one cannot be read."""
    import yaml  # which only few programs need

    try:
        manifests = [*yaml.safe_load_all(text or ""), *(objects or ())]
        return {str((one.get("metadata") or {}).get("namespace") or default) for one in manifests if one}
    except (AttributeError, TypeError, yaml.YAMLError):
        return None
