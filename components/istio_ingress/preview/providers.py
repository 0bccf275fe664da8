"""What a Kubernetes provider is told: the namespace of objects that name none, and how it reaches its cluster."""

import asyncio
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

import pulumi

from ..sdk.values import UNKNOWN, is_unknown, value_of
from ..with_cluster.access import FIELDS, Access

_KUBERNETES = "kubernetes:core/v1:Namespace"  # any type of the package
_given: "WeakKeyDictionary[pulumi.Resource, Any]" = WeakKeyDictionary()
_reaches: "WeakKeyDictionary[pulumi.Resource, dict[str, Any]]" = WeakKeyDictionary()

_tasks: set["asyncio.Future[None]"] = set()  # so that they are not collected while they run


def note(args: pulumi.ResourceTransformationArgs) -> None:
    """Keep what a provider is told, before it is registered: afterwards a preview does not tell unset from unknown."""
    if args.type_ == "pulumi:providers:kubernetes":
        _given[args.resource] = args.props.get("namespace")
        told = _reaches[args.resource] = {name: args.props.get(name) for name in FIELDS}
        for name, value in list(told.items()):
            if isinstance(value, pulumi.Output):
                told[name] = UNKNOWN
                _tasks.add(task := asyncio.ensure_future(_tell(told, name, value)))
                task.add_done_callback(_tasks.discard)


def of(resource: pulumi.Resource) -> "pulumi.ProviderResource | None":
    """The provider that a resource, or a component's children, were explicitly given; of this or another language."""
    return resource.get_provider(_KUBERNETES)


def namespace(resource: pulumi.Resource) -> pulumi.Input[str] | None:
    """The namespace of a resource's provider, explicit or the stack's own (`kubernetes:namespace`), if it has one."""
    provider = of(resource)
    if provider is None:
        return pulumi.Config("kubernetes").get("namespace")
    if provider in _given:
        given: pulumi.Input[str] | None = _given[provider]
        return given
    told = getattr(provider, "namespace", None)  # one from before the first component's import
    return pulumi.Output.from_input(_or_default(told)) if isinstance(told, pulumi.Output) else None


def access(resource: pulumi.Resource) -> Access | None:
    """How the provider of a resource reaches its cluster; None while, or where, that is not known."""
    provider = of(resource)
    if provider is None:
        config = pulumi.Config("kubernetes")
        return Access.of({name: config.get(name) for name in FIELDS})
    told = _reaches.get(provider, {"": UNKNOWN})
    return None if any(map(is_unknown, told.values())) else Access.of(told)


async def _tell(told: dict[str, Any], name: str, output: "pulumi.Output[Any]") -> None:
    with suppress(Exception):  # whoever needs the value reports why there is none
        told[name] = await value_of(output)


async def _or_default(told: "pulumi.Output[Any]") -> str:
    value = await value_of(told)
    return "default" if value is None or is_unknown(value) else str(value)
