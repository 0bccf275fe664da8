"""A namespace for an environment."""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace

from . import review
from .objects import metadata


def restricted_namespace(name: str) -> pulumi.Output[str]:
    """Declare a namespace that admits only Pod Security "restricted" pods, and give its name, known once it exists."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return review.known_as(Namespace(name, metadata=metadata(name=name, labels=labels)).metadata.name, name)
