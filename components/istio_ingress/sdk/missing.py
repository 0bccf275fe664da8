"""What this release of Pulumi's SDK has no more, said once."""

import pulumi

_said: set[str] = set()


def missing(name: str, consequence: str) -> None:
    """Warn that a private name of the SDK is gone, and what that means for the person who reads it."""
    if name not in _said:
        _said.add(name)
        pulumi.log.warn(
            f"istio-ingress: Pulumi's Python SDK has no {name} any more, so {consequence}. Nothing else changes."
        )
