"""Who sees an object: `exportTo`, as Istio's push context reads it."""

from __future__ import annotations

from istio_ingress.rules.routing import Exported
from istio_ingress.rules.values import NotKnownError


def reaches(resource: Exported, namespace: str) -> bool:
    """Whether a namespace sees an object.

    Raises:
        NotKnownError: a namespace is not known, and it matters.
    """
    if resource.is_public:
        return True
    if not namespace or not resource.namespace:
        told = ", ".join(resource.exports)
        raise NotKnownError(f"{resource} is exported to {told}, and it is not known where the gateway runs")
    return resource.is_exported_to(namespace)
