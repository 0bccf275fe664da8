"""The engine that writes down, as the components' own tests have it."""

from tests.unit.components.conftest import declare

__all__ = ["declare"]
