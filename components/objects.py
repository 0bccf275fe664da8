"""What every Kubernetes object declared here has in common: its metadata."""

from typing import Any

import pulumi

Manifest = dict[str, Any]
FIELD_MANAGER = "pulumi-istio-ingress"


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
