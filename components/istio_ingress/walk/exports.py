"""Who sees an object: `exportTo`, as Istio's push context reads it."""

from __future__ import annotations

from collections.abc import Sequence

from istio_ingress.walk.answer import NotKnownError

SERVICE_ANNOTATION = "networking.istio.io/exportTo"


def is_public(exported: Sequence[str]) -> bool:
    """Whether every namespace sees it; nothing said is public."""
    return not exported or "*" in exported


def reaches(exported: Sequence[str], own: str, namespace: str, what: object) -> bool:
    """Whether a namespace sees what is exported from its own.

    Raises:
        NotKnownError: the namespace is not known, and it matters.
    """
    if is_public(exported):
        return True
    if not namespace or not own:
        raise NotKnownError(f"{what} is exported to {', '.join(exported)}, and it is not known where the gateway runs")
    return namespace in {own if one == "." else one for one in exported}
