"""What every Kubernetes object declared here has in common: its metadata."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from ..arguments.additions import Additions
from ..field_managers import ANNOTATION, field_manager
from ..names import fit
from ..rules.credential_keys import LONGEST_CREDENTIAL

Manifest = dict[str, Any]


def metadata(
    namespace: pulumi.Input[str] | None = None,
    name: pulumi.Input[str] | None = None,
    labels: dict[str, str] | None = None,
    skip_await: bool = False,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> Manifest:
    """An object's metadata.

    Without a `name` the provider makes one with a random tail, and replaces the object by creating the new one before
    it deletes the old. `skip_await` is for what would be waited for in vain: a Service's endpoints (ten seconds after
    the last one; its Deployment is waited for instead), an Ingress's address (a NodePort gateway never writes one).
    """
    manager = field_manager(pulumi.get_project(), pulumi.get_stack())
    written: dict[str, pulumi.Input[str]] = {ANNOTATION: manager, **(annotations or {})}
    if skip_await:
        written["pulumi.com/skipAwait"] = "true"
    made: Manifest = {"annotations": written}
    if namespace is not None:
        made["namespace"] = namespace
    if name is not None:
        made["name"] = name
    if labels is not None:
        made["labels"] = labels
    return made


def options(parent: pulumi.Resource | None = None, *, protect: bool | None = None) -> pulumi.ResourceOptions:
    """The options of an object, which keeps the field manager that it was created with.

    One of another name (of an earlier version, or of the stack before `pulumi stack rename`) owns the annotation that
    names it, as every other field: a new name would be a conflict.

    Args:
        parent: the component.
        protect: False for what is replaced in its ordinary life. Default: as the parent.
    """
    return pulumi.ResourceOptions(
        parent=parent,
        protect=protect,
        ignore_changes=[f'metadata.annotations["{ANNOTATION}"]'],
        transformations=None if additions(parent) == Additions() else [_with_additions],
    )


def additions(component: pulumi.Resource | None) -> Additions:
    """What a person adds to the objects of a component."""
    told = getattr(component, "additions", None)
    return told if isinstance(told, Additions) else Additions()


def _with_additions(
    args: pulumi.ResourceTransformationArgs,
) -> pulumi.ResourceTransformationResult:
    """The object as the component's additions make it, before anybody else sees it."""
    added = additions(args.opts.parent)
    kind = args.type_.rpartition(":")[2]
    return pulumi.ResourceTransformationResult(added.merged(kind, args.props), args.opts)


def name_by_contents(name: str, contents: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """A name that other contents change: the new object is created before the old one goes.

    The provider's random tails do as much, but an update killed while it creates leaves an object that nothing knows.
    This name the next update comes to again. Two stacks never share it. `contents` must hold nothing private.
    """
    texts = pulumi.Output.unsecret(pulumi.Output.from_input(dict(contents)))
    whose = [pulumi.get_project(), pulumi.get_stack()]
    return texts.apply(lambda known: fit(name, _digest([*whose, sorted(known.items())]), longest=LONGEST_CREDENTIAL))


def _digest(contents: Any) -> str:
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:10]
