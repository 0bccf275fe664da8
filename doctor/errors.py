"""The doctor's expected failures."""

from __future__ import annotations


class DoctorError(Exception):
    """One sentence a person can act on."""


class NotAskedError(DoctorError):
    """A question that was not put, because what it needs is missing; the sentence says what."""
