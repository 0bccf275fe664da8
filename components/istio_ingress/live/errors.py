"""What goes wrong with a question to the cluster, the gateway or the stack."""

from __future__ import annotations

from istio_ingress.terminal import CommandError


class LiveError(CommandError):
    """It could not be answered: one sentence a person can act on."""


class NotAskedError(LiveError):
    """A question that was not put, because what it needs is missing; the sentence says what."""
