"""What every Kubernetes object declared here has in common: its metadata."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pulumi

from .hosts import fit

Manifest = dict[str, Any]
FIELD_MANAGER = "pulumi-istio-ingress"
_LONGEST = 246  # of a Secret's 253 characters `-cacert` takes seven


def metadata(
    namespace: pulumi.Input[str] | None = None,
    name: pulumi.Input[str] | None = None,
    labels: dict[str, str] | None = None,
    skip_await: bool = False,
) -> Manifest:
    """An object's metadata.

    Without a `name` the provider makes one with a random tail, and replaces the object by creating the new one before
    it deletes the old. `skip_await` is for what would be waited for in vain: a Service's endpoints (ten seconds after
    the last one; its Deployment is waited for instead), an Ingress's address (a NodePort gateway never writes one).

    The stable field manager lets the next update of a killed one go on: under the provider's random one the objects end
    with two owners, and later updates with conflicts.
    """
    annotations: dict[str, pulumi.Input[str]] = {"pulumi.com/patchFieldManager": FIELD_MANAGER}
    if skip_await:
        annotations["pulumi.com/skipAwait"] = "true"
    made: Manifest = {"annotations": annotations}
    if namespace is not None:
        made["namespace"] = namespace
    if name is not None:
        made["name"] = name
    if labels is not None:
        made["labels"] = labels
    return made


def name_by_contents(name: str, contents: Mapping[str, pulumi.Input[str]]) -> pulumi.Output[str]:
    """A name that other contents change: the new object is created before the old one goes.

    The provider's random tails do as much, but an update killed while it creates leaves an object that nothing knows.
    This name the next update comes to again. Two stacks never share it. `contents` must hold nothing private.
    """
    texts = pulumi.Output.unsecret(pulumi.Output.from_input(dict(contents)))
    whose = [pulumi.get_project(), pulumi.get_stack()]
    return texts.apply(lambda known: fit(name, _digest([*whose, sorted(known.items())]), longest=_LONGEST))


def _digest(contents: Any) -> str:
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:10]
