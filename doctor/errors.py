"""The doctor's one kind of expected failure."""

from __future__ import annotations


class DoctorError(Exception):
    """One sentence a person can act on."""
