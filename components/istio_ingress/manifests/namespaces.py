"""A namespace for an environment."""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace

from ..preview import review
from .objects import metadata, options


def restricted_namespace(name: str) -> pulumi.Output[str]:
    """Declare a namespace that admits only Pod Security "restricted" pods, and give its name, known once it exists."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    made = Namespace(name, metadata=metadata(name=name, labels=labels), opts=options())
    return review.known_as(made.metadata.name, name)
